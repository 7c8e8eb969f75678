# Recurrent layers whose state goes from batch to batch, against one pass over each whole stream in NumPy; epochs begin with
# zeros, evaluation knows no state, weight files do not hold it, resumed runs are exact.
# usage: carry_state.py NNC FOLDER
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

nnc, folder = Path(sys.argv[1]), Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
STREAMS, WINDOW, LETTERS = 3, 5, "abcdefgh"
random = np.random.default_rng(3)
TEXT = "".join(random.choice(list(LETTERS), 3 * 37 + 8))
(folder / "text.txt").write_text(TEXT)

MODEL = """
const width = 6
model Net(tokens: i32[batch, %d]) -> f32[batch, %d, %d] {
  return tokens |> Embedding(%d, 4) as letters |> LAYER as rnn |> Dense(%d) as head
}
train Net {
  data       = text("text.txt", window: %d, vocab: %d, streams: %d)
  test       = text("text.txt", window: %d, vocab: %d)
  input      = tokens
  target     = next
  shuffle    = false
  last_batch = drop
  batch      = %d
  accumulate = PARTS
  epochs     = 2
  loss       = cross_entropy
  optimizer  = SGD(lr: RATE)
}
""" % (WINDOW, WINDOW, len(LETTERS), len(LETTERS), len(LETTERS), WINDOW, len(LETTERS), STREAMS, WINDOW, len(LETTERS), STREAMS)


def run(*command, status=0):
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert result.returncode == status, f"{command}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout if status == 0 else result.stderr


def build(name, layer, rate=0.0, parts=1):
    (folder / f"{name}.nn").write_text(MODEL.replace("LAYER", layer).replace("RATE", str(rate)).replace("PARTS", str(parts)))
    run(nnc, f"{name}.nn", "-o", name)


def log(name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def arrays(path):
    raw = (folder / path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    return {name: np.frombuffer(raw[8 + length:][slice(*entry["data_offsets"])], "<f4").astype(float).reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32"}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def simple_rnn(x, h, w):
    h = np.tanh(x @ w["rnn.weight_ih_l0"].T + w["rnn.bias_ih_l0"] + h[0] @ w["rnn.weight_hh_l0"].T)
    return h, [h]


def lstm(x, state, w):
    h, c = state
    i, f, g, o = np.split(x @ w["rnn.weight_ih_l0"].T + w["rnn.bias_ih_l0"] + h @ w["rnn.weight_hh_l0"].T, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, [h, c]


def gru(x, state, w):
    h, = state
    ri, zi, ni = np.split(x @ w["rnn.weight_ih_l0"].T + w["rnn.bias_ih_l0"], 3, -1)
    rh, zh, nh = np.split(h @ w["rnn.weight_hh_l0"].T, 3, -1)
    z = sigmoid(zi + zh)
    h = (1 - z) * np.tanh(ni + sigmoid(ri + rh) * nh) + z * h
    return h, [h]


def losses(cell, weights, ids, following):
    """The mean loss of each step of the rows of `ids`, from zeros."""
    state = [np.zeros((len(ids), 6)), np.zeros((len(ids), 6))][:2 if cell is lstm else 1]
    result = []
    for t in range(ids.shape[1]):
        h, state = cell(weights["letters.weight"][ids[:, t]], state, weights)
        logits = h @ weights["head.weight"].T + weights["head.bias"]
        result.append((np.log(np.exp(logits).sum(-1)) - logits[np.arange(len(ids)), following[:, t]]).mean())
    return np.array(result)


LAYERS = {"SimpleRNN(width, return_sequences: true, carry_state: true)": simple_rnn,
          "LSTM(width, return_sequences: true, carry_state: true)": lstm,
          "GRU(width, return_sequences: true, carry_state: true)": gru}
ids = np.array([LETTERS.index(c) for c in TEXT])
windows = (len(ids) - 1) // WINDOW // STREAMS  # of each stream
length = windows * WINDOW
starts = [s * length for s in range(STREAMS)]
streams, nexts = (np.stack([ids[s + shift:s + shift + length] for s in starts]) for shift in (0, 1))
for layer, cell in LAYERS.items():
    # Steps that change nothing: the losses are those of one pass over the streams, and the same in each epoch.
    build("still", layer)
    run("./still", "train", "--log", "still.jsonl", "--threads", "1")
    weights = arrays("still.safetensors")
    assert not [name for name in weights if name in ("rnn.h", "rnn.c")], weights.keys()
    want = losses(cell, weights, streams, nexts).reshape(windows, WINDOW).mean(1)
    got = np.array([line["loss"] for line in log("still") if "step" in line])
    assert np.allclose(got, np.tile(want, 2), rtol=2e-6), (layer, got, want)
    alone = np.mean([losses(cell, weights, streams[:, k:k + WINDOW], nexts[:, k:k + WINDOW]).mean()
                     for k in range(0, length, WINDOW)])
    assert abs(alone - want.mean()) > 1e-4, "the state makes no difference, and the test sees none"
    # Evaluation begins each window with zeros.
    rows = (len(ids) - 1) // WINDOW
    given, following = (ids[shift:shift + rows * WINDOW].reshape(rows, WINDOW) for shift in (0, 1))
    got = float(run("./still", "eval", "--quiet").split()[1])
    assert abs(got - losses(cell, weights, given, following).mean()) < 1e-5, (layer, got)
    # A step of two batches: the second goes on where the first ended.
    build("two", layer, parts=2)
    run("./two", "train", "--log", "two.jsonl", "--epochs", "1")
    pairs = want[:windows // 2 * 2].reshape(-1, 2).mean(1)
    got = np.array([line["loss"] for line in log("two") if "step" in line])
    assert np.allclose(got, pairs, rtol=2e-6), (layer, got, pairs)
    # A run that is broken off in the middle of an epoch goes on to the same bits.
    build("net", layer, rate=0.5)
    run("./net", "train", "--log", "whole.jsonl", "--out", "whole.safetensors")
    for steps in (windows - 2, windows, windows + 3):
        run("rm", "-rf", "kept", "parts.jsonl")
        run("./net", "train", "--steps", steps, "--checkpoint", "kept", "--log", "parts.jsonl", "--threads", "2")
        run("./net", "train", "--epochs", "2", "--checkpoint", "kept", "--resume", "--log", "parts.jsonl", "--threads", "3")
        assert (folder / "net.safetensors").read_bytes() == (folder / "whole.safetensors").read_bytes(), (layer, steps)

(folder / "text.txt").write_text((2 * LETTERS)[:14])
error = run("./net", "train", status=1)
assert error == ("net: error: text.txt: holds 2 windows of 5 characters, too few for 3 streams: give a longer text, or a smaller "
                 "window\n"), error
