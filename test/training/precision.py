# A convolution and a dense layer trained with `precision = bf16` for five steps: losses and weights against NumPy, which rounds the
# operands of every product, forward and backward, as bf16 is defined, and adds in float64.
# usage: precision.py NNC FOLDER. Exits 1 with one line per difference.
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from safetensors_file import read_safetensors, write_safetensors

STEPS, BATCH, RATE = 5, 4, 0.1

MODEL = """
model M(x: f32[batch, 2, 5, 5]) -> f32[batch, 3] {
  return x |> Conv2d(4, kernel: 3, padding: 1) as conv |> tanh |> flatten |> Dense(3) as head
}
train M {
  data      = npz("train.npz", x: f32[batch, 2, 5, 5], y: f32[batch, 3])
  batch     = 4
  steps     = 5
  shuffle   = false
  loss      = mse
  optimizer = SGD(lr: 0.1)
  precision = %s
}
"""


def bf16(x):
    """The nearest number with eight bits of fraction and sign, ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32).astype(float)


def patches(x):
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))


def single(x):
    return np.asarray(x, np.float32).astype(float)


def step(x, y, w, r):
    """The loss and the gradients; `r` rounds operands of products. What is stored is an f32."""
    hidden = single(np.tanh(single(np.einsum("nchwij,ocij->nohw", patches(r(x)), r(w["conv.weight"])) + w["conv.bias"][:, None, None])))
    flat = hidden.reshape(len(x), -1)
    output = single(r(flat) @ r(w["head.weight"]).T + w["head.bias"])
    difference = output - y
    d = single(2 * difference / difference.size)
    g = {"head.weight": r(d).T @ r(flat), "head.bias": d.sum(0)}
    dh = single(single((r(d) @ r(w["head.weight"])).reshape(hidden.shape)) * (1 - hidden**2))
    g["conv.weight"] = np.einsum("nohw,nchwij->ocij", r(dh), patches(r(x)))
    g["conv.bias"] = dh.sum((0, 2, 3))
    return (difference**2).mean(), g


def reference(x, y, w, r):
    losses = []
    for i in range(STEPS):
        rows = np.arange(i * BATCH, (i + 1) * BATCH) % len(x)
        loss, g = step(x[rows], y[rows], w, r)
        losses.append(loss)
        w = {name: single(value - RATE * g[name]) for name, value in w.items()}
    return losses, w


def trained(nnc, folder, precision):
    (folder / f"{precision}.nn").write_text(MODEL % precision)
    subprocess.run([nnc, f"{precision}.nn", "-o", precision, "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([f"./{precision}", "train", "--quiet", "--weights", "first.safetensors", "--log", "log.jsonl", "--out", "w.safetensors"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    losses = [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]
    return losses, read_safetensors(folder / "w.safetensors")


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, complaints = np.random.default_rng(7), []
    x, y = rng.normal(size=(13, 2, 5, 5)).astype(np.float32), rng.normal(size=(13, 3)).astype(np.float32)
    np.savez(folder / "train.npz", x=x, y=y)
    shapes = {"conv.weight": (4, 2, 3, 3), "conv.bias": (4,), "head.weight": (3, 100), "head.bias": (3,)}
    first = {name: (0.3 * rng.normal(size=shape)).astype(np.float32) for name, shape in shapes.items()}
    write_safetensors(folder / "first.safetensors", first)
    start = {name: value.astype(float) for name, value in first.items()}
    references = {"bf16": reference(x.astype(float), y.astype(float), start, bf16),
                  "f32": reference(x.astype(float), y.astype(float), start, np.asarray)}
    for precision, (losses, weights) in references.items():
        got, w = trained(nnc, folder, precision)
        # An operand near the middle of two bf16 may round to either: a few weights may move by that.
        loose = 2e-4 if precision == "bf16" else 2e-6
        if not np.allclose(got, losses, rtol=loose):
            complaints.append(f"{precision}: losses are {got}, NumPy's {losses}")
        for name, want in weights.items():
            if not np.allclose(w[name], want, rtol=loose, atol=loose):
                complaints.append(f"{precision}: {name} is off by {abs(w[name] - want).max()}")
        if precision == "bf16":
            distance = max(abs(w[name] - references["f32"][1][name]).max() for name in w)
            if distance < 1e-3:
                complaints.append(f"bf16 is within {distance} of f32: nothing was rounded")
    print("\n".join(complaints) or "both precisions agree with NumPy")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
