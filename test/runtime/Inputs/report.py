"""report.py NNC: what `eval --report` writes, against NumPy: digits with names of classes, a hundred classes, numbers, a text.
The worst are those of all records, whatever the loss."""
import base64
import csv
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as xml
import zlib
from pathlib import Path

import numpy as np
from safetensors_file import read_safetensors

nnc = sys.argv[1]
random = np.random.default_rng(7)
SVG = "{http://www.w3.org/2000/svg}"


def build(name, text):
    Path(f"{name}.nn").write_text(text)
    subprocess.run([nnc, f"{name}.nn", "-o", name], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([f"./{name}", "train", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([f"./{name}", "eval", "--report", f"reports/{name}"], check=True, capture_output=True, text=True).stdout
    return read_safetensors(Path(f"{name}.safetensors")), said.splitlines()[-1]


def table(path):
    return list(csv.reader(open(path, newline="")))


def shortened(name, length):
    return name if len(name) <= length else name[:length - 1] + "…"


def scores(weights, x):
    return x.reshape(len(x), -1).astype(float) @ weights["dense_1.weight"].astype(float).T + weights["dense_1.bias"]


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def pixels(uri):
    png = base64.b64decode(uri.removeprefix("data:image/png;base64,"), validate=True)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, []
    while at < len(png):
        length, = struct.unpack_from(">I", png, at)
        body = png[at + 4:at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(body)
        chunks.append((body[:4], body[4:]))
        at += 12 + length
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    width, height, bits, kind, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    assert bits == 8 and rest == [0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[1][1]), np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(height, width, {0: 1, 2: 3}[kind]).transpose(2, 0, 1)


def check_confusion(folder, names, labels, predicted):
    rows = table(f"{folder}/confusion.csv")
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (labels, predicted), 1)
    assert rows == [["target", *names]] + [[name, *map(str, row)] for name, row in zip(names, counts)], rows
    root = xml.parse(f"{folder}/confusion.svg").getroot()
    texts = list(root.iter(SVG + "text"))
    shown = [text for text in texts if text.get("pointer-events")]
    assert [int(text.text) for text in shown] == list(counts[counts > 0])
    sides = [text for text in texts if text not in shown and text.get("font-weight") != "bold"]
    assert [text.text for text in sides] == [shortened(name, 20) for name in names for _ in range(2)]
    # Readable: neither do neighbouring names touch, nor is a count wider than its cell.
    cells = [rect for rect in root.iter(SVG + "rect") if rect.find(SVG + "title") is not None]
    cell = float(cells[0].get("width"))
    assert cell >= 11 and all(5 < float(t.get("font-size")) <= cell for t in texts if t.get("font-size")), cell
    assert all(0.58 * float(text.get("font-size")) * len(text.text) <= cell for text in shown)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    darkness = {}
    for rect, (target, prediction) in zip(cells, np.argwhere(counts > 0), strict=True):
        assert rect.find(SVG + "title").text == (f"{names[target]} taken for {names[prediction]}: {counts[target, prediction]} of "
                                                 f"{counts[target].sum()}")
        colour = [int(rect.get("fill")[i:i + 2], 16) for i in (1, 3, 5)]
        darkness.setdefault(target == prediction, []).append((shares[target, prediction], sum(colour)))
    for pairs in darkness.values():  # the larger the share, the darker
        pairs.sort()
        assert all(a >= b for (_, a), (_, b) in zip(pairs, pairs[1:])), pairs


def check_worst(folder, losses, target, prediction, probability=None):
    head, *rows = table(f"{folder}/worst.csv")
    assert head == ["record", "target", "prediction"] + (["probability"] if probability is not None else []) + ["loss"]
    order = np.argsort(-losses, kind="stable")[:25]
    np.testing.assert_allclose([float(row[-1]) for row in rows], losses[order], rtol=2e-4)
    for row in rows:
        i = int(row[0])
        np.testing.assert_allclose(float(row[-1]), losses[i], rtol=2e-4)
        assert row[1] == target(i) and prediction(i, row[2]), (row, target(i))
        assert probability is None or abs(float(row[3]) - probability[i]) < 1e-4
    return [int(row[0]) for row in rows]


def classes(name, names, shape, ignored=False, loss="cross_entropy", losses=lambda logs, z, entropy: entropy, divisor=255):
    """A model of classes: one layer on pictures. `losses`: NumPy's form of the loss."""
    n = len(names)
    image = random.integers(0, 256, (300, *shape)).astype(np.uint8)
    label = random.integers(0, n, 300).astype(np.int32)
    if ignored:
        label[::7] = -100
    np.savez(f"{name}.npz", image=image, label=label)
    listed = f"  classes   = [{', '.join(chr(34) + x + chr(34) for x in names)}]\n" if names[0] != "0" else ""
    sizes = ", ".join(map(str, shape))
    weights, said = build(name, f"""fn length(z: T[..., n], label: i32[...]) {{ return mean(sum(z * z, axis: -1)) }}
model M(image: f32[batch, {sizes}]) -> f32[batch, {n}] {{ return image |> flatten |> Dense({n}) }}
train M {{
  data      = npz("{name}.npz", image: u8[batch, {sizes}], label: i32[batch])
  test      = npz("{name}.npz", image: u8[batch, {sizes}], label: i32[batch])
  input     = image / {divisor}
{listed}  batch     = 32
  epochs    = 3
  loss      = {loss}
  optimizer = SGD(lr: 0.1)
}}
""")
    folder = f"reports/{name}"
    assert said == f"wrote metrics.json, confusion.csv, confusion.svg, worst.csv and worst.svg into '{folder}'", said
    z = scores(weights, image / divisor)
    p = softmax(z)
    known = label >= 0
    check_confusion(folder, names, label[known], p.argmax(1)[known])
    logs = z - z.max(1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(1, keepdims=True))
    expected = np.where(known, losses(logs, z, -logs[np.arange(300), np.maximum(label, 0)]), -1)
    shown = check_worst(folder, expected, lambda i: names[label[i]], lambda i, said: said == names[p[i].argmax()], p.max(1))
    root = xml.parse(f"{folder}/worst.svg").getroot()
    pictures = [image.get("href") for image in root.iter(SVG + "image")]
    assert len(pictures) == 25 == len(shown)
    for uri, i in zip(pictures, shown):
        assert (pixels(uri) == image[i].reshape(-1, *shape[-2:])).all(), i
    texts = [text.text for text in root.iter(SVG + "text")][1:]
    for k, i in enumerate(shown):
        true, predicted, loss = texts[3 * k:3 * k + 3]
        assert true == shortened(names[label[i]], 18) and loss.endswith(f", record {i}"), texts[3 * k:3 * k + 3]
        assert predicted.rpartition(" (")[0] == shortened(names[p[i].argmax()], 12), predicted


Path("reports").mkdir()
classes("two", ["<no>", "yes, it is"], (1, 6, 5))
classes("ten", [str(i) for i in range(10)], (3, 8, 8), ignored=True)
classes("hundred", [f"number {i} of a hundred" for i in range(100)], (4, 9))
classes("smooth", [str(i) for i in range(10)], (1, 8, 8), True, "cross_entropy(label_smoothing: 0.7)",
        lambda logs, z, entropy: 0.3 * entropy - 0.7 * logs.mean(1))
classes("weighted", ["a", "b", "c"], (1, 6, 6), True, "cross_entropy(weights: [0.1, 1, 7])")
# Probabilities that no number holds, and a loss that does not look at the labels.
classes("sure", ["a", "b"], (1, 8, 8), divisor=0.01)
classes("length", ["a", "b", "c"], (1, 6, 6), loss="length", losses=lambda logs, z, entropy: (z * z).sum(1))

# Numbers: every record's loss is measured.
x, y = random.normal(size=(90, 3)).astype(np.float32), random.normal(size=(90, 2)).astype(np.float32)
np.savez("numbers.npz", x=x, y=y)
weights, said = build("numbers", """model M(x: f32[batch, 3]) -> f32[batch, 2] { return x |> Dense(2) }
train M {
  data       = npz("numbers.npz", x: f32[batch, 3], y: f32[batch, 2])
  validation = tail(0.5)
  batch      = 8
  epochs     = 2
  loss       = huber
  optimizer  = SGD(lr: 0.1)
}
""")
assert said == "wrote metrics.json and worst.csv into 'reports/numbers'", said
z = scores(weights, x)
d = np.abs(z - y)
losses = np.where(d <= 1, d * d / 2, d - 0.5).mean(1)
losses[:45] = -1  # not validated on
check_worst("reports/numbers", losses, lambda i: " ".join(f"{v:.6g}" for v in y[i]),
            lambda i, said: np.allclose([float(v) for v in said.split()], z[i], rtol=1e-3, atol=1e-4))

# A text: the loss of a window is that of its characters, which are written as such.
Path("text.txt").write_text('abc"d,' * 40)
weights, said = build("text", """model M(tokens: i32[batch, 5]) -> f32[batch, 5, 6] { return cast(tokens[:, :, new] == iota(6), f32) |> Dense(6) }
train M {
  data       = text("text.txt", window: 5, stride: 5, vocab: 6)
  validation = 0.5
  batch      = 4
  epochs     = 30
  loss       = cross_entropy
  optimizer  = SGD(lr: 1.0)
}
""")
assert said == "wrote metrics.json and worst.csv into 'reports/text'", said
text, vocabulary = Path("text.txt").read_text(), sorted(set('abc"d,'))
follows = -np.log(softmax(weights["dense_1.weight"].astype(float).T + weights["dense_1.bias"]))
head, *rows = table("reports/text/worst.csv")
assert 0 < len(rows) <= 25
for record, target, prediction, loss in rows:
    window, following = text[5 * int(record):][:5], text[5 * int(record) + 1:][:5]
    assert target == following == prediction, (target, following, prediction)
    pairs = [follows[vocabulary.index(a), vocabulary.index(b)] for a, b in zip(window, following)]
    assert abs(float(loss) - np.mean(pairs)) < 1e-3, (loss, pairs)
assert [float(row[3]) for row in rows] == sorted((float(row[3]) for row in rows), reverse=True)
