# Small regressions, each with other entries in its train block, for five steps from given weights: losses in the log, the loss of
# a validation and the written weights against NumPy.
# usage: entries.py NNC FOLDER. Exits 1 with one line per difference.
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from safetensors_file import read_safetensors, write_safetensors

STEPS, BATCH, INPUTS, UNITS = 5, 6, 3, 4

MODEL = """
model M(x: f32[batch, 3]) -> f32[batch, 4] { return x %s|> Dense(4) }
train M {
  data       = npz("train.npz", x: f32[batch, 3], y: f32[batch, 4], weight: f32[batch])
  validation = npz("validation.npz")
  target     = y
  batch      = 6
  steps      = 5
  shuffle    = false
  loss       = %s
  optimizer  = %s
  %s
}
"""


class Case:
    """A linear map with SGD; cases override what their entries change."""
    layers, loss, optimizer, entries = "", "mse", "SGD(lr: 0.2)", ""
    scale, rate, batches = 1, 0.2, 1

    def inputs(self, x, first):
        return x

    def weights(self, weight):
        return np.ones_like(weight)

    def penalty(self, w, b):
        """Its value and its gradients."""
        return 0, 0, 0

    def gradients(self, dw, db):
        return dw, db

    def update(self, w, b, dw, db):
        return w - self.rate * dw, b - self.rate * db

    def written(self, w, b):
        return w, b


def norm(dw, db):
    return np.sqrt((dw**2).sum() + (db**2).sum())


class ClipTorch(Case):
    entries = "clip_norm = 0.4"

    def gradients(self, dw, db):
        factor = min(1, 0.4 / (norm(dw, db) + 1e-6))
        return factor * dw, factor * db


class ClipKeras(Case):
    """With a loss so small that the 1e-6 of the other form would show."""
    entries, loss, optimizer = "clip_norm = 1e-5\n  clip_form = keras", "1e-5 * mse(output, y)", "SGD(lr: 1e4)"
    scale, rate = 1e-5, 1e4

    def gradients(self, dw, db):
        factor = 1e-5 / max(norm(dw, db), 1e-5)
        return factor * dw, factor * db


class ClipValue(Case):
    entries = "clip_value = 0.1\n  accumulate = 2"
    batches = 2

    def gradients(self, dw, db):
        return dw.clip(-0.1, 0.1), db.clip(-0.1, 0.1)


class Accumulate(Case):
    entries, batches = "accumulate = 3", 3


class SampleWeight(Case):
    entries = "sample_weight = weight + 1"

    def weights(self, weight):
        return weight + 1


class Penalties(Case):
    entries = 'regularize = { "*.weight": elastic(lasso: 0.02, ridge: 0.03), "*.bias": l1(0.1) }'

    def penalty(self, w, b):
        value = 0.02 * np.abs(w).sum() + 0.03 * (w**2).sum() + 0.1 * np.abs(b).sum()
        return value, 0.02 * np.sign(w) + 0.06 * w, 0.1 * np.sign(b)


class Squares(Case):
    entries = "regularize = l2(0.05)"

    def penalty(self, w, b):
        return 0.05 * ((w**2).sum() + (b**2).sum()), 0.1 * w, 0.1 * b


def shortened(w, limit):
    """Rows, or a vector as a whole, at most so long."""
    length = np.linalg.norm(w, axis=-1, keepdims=True)
    return np.where(length > limit, w * limit / length, w)


class MaxNorm(Case):
    """One constraint for all means matrices; averages are taken of what is constrained."""
    entries, optimizer = "constraint = max_norm(0.7)", "EMA(SGD(lr: 0.2), decay: 0.5)"

    def __init__(self):
        self.sums, self.share = [0, 0], 0

    def update(self, w, b, dw, db):
        w, b = shortened(w - self.rate * dw, 0.7), b - self.rate * db
        self.sums = [0.5 * s + 0.5 * value for s, value in zip(self.sums, (w, b))]
        self.share = 0.5 * self.share + 0.5
        return w, b

    def written(self, w, b):
        return [s / self.share for s in self.sums]


class MaxNormOfBias(Case):
    entries = 'constraint = { "*.bias": max_norm(0.5) }'

    def update(self, w, b, dw, db):
        return w - self.rate * dw, shortened(b - self.rate * db, 0.5)


class Frozen(Case):
    """A frozen BatchNorm normalises with the statistics that it has."""
    layers, entries = "|> BatchNorm ", 'freeze = ["batch_norm_1", "*.bias"]'

    def inputs(self, x, first):
        norm = {name: first[f"batch_norm_1.{name}"] for name in ("weight", "bias", "running_mean", "running_var")}
        return (x - norm["running_mean"]) / np.sqrt(norm["running_var"] + 1e-5) * norm["weight"] + norm["bias"]

    def update(self, w, b, dw, db):
        return w - self.rate * dw, b


def loss_and_gradients(x, y, sample, w, b, scale):
    difference, total = x @ w.T + b - y, sample.sum() * UNITS / scale
    d = 2 * sample[:, None] * difference / total
    return (sample[:, None] * difference**2).sum() / total, d.T @ x, d.sum(0)


def reference(case, data, first):
    x, y, sample = case.inputs(data["x"], first), data["y"], case.weights(data["weight"])
    w, b, losses, rows = first["dense_1.weight"], first["dense_1.bias"], [], np.arange(len(x))
    for step in range(STEPS):
        parts = []
        for k in range(case.batches):
            part = rows.take(range((step * case.batches + k) * BATCH, (step * case.batches + k + 1) * BATCH), mode="wrap")
            parts.append(loss_and_gradients(x[part], y[part], sample[part], w, b, case.scale))
        loss, dw, db = (sum(values) / case.batches for values in zip(*parts))
        value, pw, pb = case.penalty(w, b)
        losses.append(loss + value)
        w, b = case.update(w, b, *case.gradients(dw + pw, db + pb))
    return losses, *case.written(w, b)


def check(nnc, folder, name, case, data, validation, first):
    (folder / f"{name}.nn").write_text(MODEL % (case.layers, case.loss, case.optimizer, case.entries))
    subprocess.run([nnc, f"{name}.nn", "-o", name, "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    kept = {path: value for path, value in first.items() if case.layers or path.startswith("dense")}
    write_safetensors(folder / "first.safetensors", kept)
    subprocess.run([f"./{name}", "train", "--quiet", "--weights", "first.safetensors", "--log", "log.jsonl", "--out", "w.safetensors"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    got = read_safetensors(folder / "w.safetensors")
    losses, w, b = reference(case, data, first)
    last, _, _ = loss_and_gradients(case.inputs(validation["x"], first), validation["y"], case.weights(validation["weight"]), w, b,
                                    case.scale)
    wanted = kept | {"dense_1.weight": w, "dense_1.bias": b, "losses": np.array(losses), "val_loss": last}
    got |= {"losses": np.array([line["loss"] for line in lines if "step" in line]), "val_loss": lines[-1]["val_loss"]}
    for what, want in wanted.items():
        if np.shape(got[what]) != np.shape(want) or not np.allclose(got[what], want, rtol=2e-6, atol=2e-7):
            yield f"{name}: {what} is {got[what]}, NumPy's {want}"


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, complaints = np.random.default_rng(3), []

    def records(count):
        fields = {"x": rng.normal(size=(count, INPUTS)), "y": rng.normal(size=(count, UNITS)), "weight": rng.uniform(0, 3, count)}
        return {name: value.astype(np.float32) for name, value in fields.items()}

    data, validation = records(31), records(BATCH + 1)
    np.savez(folder / "train.npz", **data)
    np.savez(folder / "validation.npz", **validation)
    first = {"dense_1.weight": rng.normal(size=(UNITS, INPUTS)), "dense_1.bias": rng.normal(size=UNITS),
             "batch_norm_1.weight": rng.uniform(0.5, 2, INPUTS), "batch_norm_1.bias": rng.normal(size=INPUTS),
             "batch_norm_1.running_mean": rng.normal(size=INPUTS), "batch_norm_1.running_var": rng.uniform(0.5, 2, INPUTS)}
    first = {name: value.astype(np.float32) for name, value in first.items()}
    wide = lambda arrays: {name: value.astype(float) for name, value in arrays.items()}
    for kind in Case.__subclasses__():
        complaints += check(nnc, folder, kind.__name__, kind(), wide(data), wide(validation), wide(first))
    print("\n".join(complaints) or f"{len(Case.__subclasses__())} train blocks agree with float64")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
