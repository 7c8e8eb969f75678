# Texts as data, against NumPy: windows, vocabulary, splits, predictions. usage: text_data.py NNC BIGRAM.nn FOLDER
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

nnc, model, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
WINDOW = 5
ALPHABET = "\n abdzé€𝛼"  # one, two, three and four bytes of UTF-8


def text(count, seed):
    """A chain in which one character says much about the next."""
    state, characters = seed, []
    for i in range(count):
        state = (state * 1103515245 + 12345) % 2**31
        previous = ALPHABET.index(characters[-1]) if characters else 0
        characters.append(ALPHABET[i] if i < len(ALPHABET) else ALPHABET[(previous * 2 + (state >> 16) % 2) % 9])
    return "".join(characters)


def run(*command):
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}: {result.stderr}"
    return result.stdout


def load(path):
    raw = (folder / path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    metadata = header.pop("__metadata__")
    arrays = {name: np.frombuffer(raw[8 + length + t["data_offsets"][0]:8 + length + t["data_offsets"][1]], "<f4")
              .reshape(t["shape"]) for name, t in header.items()}
    return metadata, arrays


def expected(characters, arrays, starts):
    """Loss and accuracy over the windows that begin at `starts`."""
    ids = np.array([ALPHABET.index(c) for c in characters])
    weight, bias = (arrays[f"dense_1.{n}"].astype(np.float64) for n in ("weight", "bias"))
    logits = (weight.T + bias)[np.concatenate([ids[s:s + WINDOW] for s in starts])]
    targets = np.concatenate([ids[s + 1:s + 1 + WINDOW] for s in starts])
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(targets)), targets]
    return losses.mean(), (logits.argmax(1) == targets).mean()


def evaluated(output):
    values = dict(line.split() for line in output.splitlines() if line.startswith(("loss ", "accuracy ")))
    return float(values["loss"]), float(values["accuracy"])


train, test = text(1000, 1), text(333, 2)
assert "".join(sorted(set(train))) == ALPHABET
(folder / "train.txt").write_text(train, newline="")
(folder / "test.txt").write_text(test, newline="")
run(nnc, model, "-o", "bigram")
log = run("./bigram", "train", "--data", ".", "--threads", 1)
windows = (len(train) - 1 - WINDOW) // WINDOW + 1
assert f"{windows - 50} records, 50 to validate" in log, log
metadata, arrays = load("bigram.safetensors")
assert metadata["vocabulary"] == ALPHABET, metadata
output = run("./bigram", "eval", "--data", ".")
starts = range(0, len(test) - WINDOW, WINDOW)
assert f"{len(starts)} test records" in output, output
np.testing.assert_allclose(evaluated(output), expected(test, arrays, starts), rtol=1e-6)

run("./bigram", "train", "--data", ".", "--threads", 3, "--out", "three.safetensors")
assert (folder / "three.safetensors").read_bytes() == (folder / "bigram.safetensors").read_bytes()

# A packed file is the same text; windows of a text by hand are predicted one behind the other.
subprocess.run(["gzip", "-n", folder / "test.txt"], check=True)
assert evaluated(run("./bigram", "eval", "--data", ".")) == evaluated(output)
(folder / "given.txt").write_text(test[:WINDOW * 2 + 1], newline="")
best = [ALPHABET[i] for i in (arrays["dense_1.weight"].T + arrays["dense_1.bias"]).argmax(1)]
lines = [json.loads(line) for line in run("./bigram", "predict", "given.txt").splitlines()]
want = ["".join(best[ALPHABET.index(c)] for c in test[k * WINDOW:(k + 1) * WINDOW]) for k in (0, 1)]
assert [line["text"] for line in lines] == want, lines
subprocess.run(["gzip", "-kn", folder / "given.txt"], check=True)
(folder / "marked.txt").write_bytes(b"\xef\xbb\xbf" + (folder / "given.txt").read_bytes())
for given in ("given.txt.gz", "marked.txt"):
    assert [json.loads(line)["text"] for line in run("./bigram", "predict", given).splitlines()] == want, given

# A byte order mark is no character, in texts of single bytes and others.
for whole in (train, "abz d" * 60 + ALPHABET, "abz d" * 60):
    alphabet = "".join(sorted(set(whole)))
    (folder / "mark.nn").write_text(Path(model).read_text().replace('"train.txt"', '"mark.txt"').replace("test       =", "// "))
    run(nnc, "mark.nn", "-D", f"vocab={len(alphabet)}", "-o", "mark")
    for begin, out in ((b"", "plain.safetensors"), (b"\xef\xbb\xbf", "marked.safetensors")):
        (folder / "mark.txt").write_bytes(begin + whole.encode())
        run("./mark", "train", "--data", ".", "--out", out, "--quiet")
    assert load("marked.safetensors")[0]["vocabulary"] == alphabet
    assert (folder / "plain.safetensors").read_bytes() == (folder / "marked.safetensors").read_bytes()

# Overlapping windows: what validates shares no character with what trains. A vocabulary does not shrink with the file.
for stride, validation in ((2, "0.25"), (2, "tail(0.25)"), (5, "tail(0.25)")):
    source = Path(model).read_text().replace("= 0.25", f"= {validation}").replace("test       =", "// ")
    (folder / "split.nn").write_text(source)
    run(nnc, "split.nn", "-D", f"stride={stride}", "-o", "split")
    log = run("./split", "train", "--data", ".")
    _, arrays = load("split.safetensors")
    count = (len(train) - 1 - WINDOW) // stride + 1
    reach = (WINDOW - 1) // stride
    if validation.startswith("tail"):
        size = int(count * 0.25 + 0.5)
        assert f"{count - size - reach} records, {size} to validate" in log, log
        starts = range((count - size) * stride, count * stride, stride)
        np.testing.assert_allclose(evaluated(run("./split", "eval", "--data", ".")), expected(train, arrays, starts),
                                   rtol=1e-6)
    else:
        training, validating = (int(log.split(mark)[0].split()[-1]) for mark in (" records,", " to validate"))
        runs = validating / (8 * (reach + 1))
        assert 0.2 * count < validating < 0.3 * count and training < count - validating - runs * reach, log
