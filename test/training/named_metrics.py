# Metrics that are expressions over outputs, targets and fields, of a model with two outputs: what `eval` prints for 37 records in
# batches of 10, against NumPy in float64.
# usage: named_metrics.py NNC FOLDER. Exits 1 with a line per difference.
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors_file import write_safetensors

PROGRAM = """
model Two(x: f32[batch, 4]) -> (c: f32[batch, 3], r: f32[batch, 1]) {{
  return (x |> Dense(3) as kind, x |> Dense(1) as size)
}}

train Two {{
  data      = npz("a.npz", x: f32[batch, 4], label: i32[batch], height: f32[batch, 1])
  test      = npz("a.npz", x: f32[batch, 4], label: i32[batch], height: f32[batch, 1])
  target    = (label: label, height: height)
  batch     = 10
  loss      = cross_entropy(c, label) + mse(r, height)
  metrics   = {metrics}
  optimizer = SGD
}}
"""
LIST = "[accuracy(c, label), r |> mae(height)]"
MAP = """{ right: accuracy(c, label), wrong: 1 - accuracy(c, label), far: mae(r, height), both: accuracy(c, label) + accuracy(-c, label),
              weighed: 0.5 * mae(r, height) + 0.25 * mse(r, height), first: mean(x[:, 0] * height[:, 0]), second: top_k_accuracy(k: 2)(c, label) }"""


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    x, label, height = rng.standard_normal((37, 4)), rng.integers(0, 3, 37), rng.standard_normal((37, 1))
    weights = {"kind.weight": rng.standard_normal((3, 4)), "kind.bias": rng.standard_normal(3),
               "size.weight": rng.standard_normal((1, 4)), "size.bias": rng.standard_normal(1)}
    weights = {name: value.astype(np.float32) for name, value in weights.items()}
    x, height = x.astype(np.float32), height.astype(np.float32)
    np.savez(folder / "a.npz", x=x, label=label.astype(np.int32), height=height)
    write_safetensors(folder / "w.safetensors", weights)
    x, height = x.astype(float), height.astype(float)
    c = x @ weights["kind.weight"].T.astype(float) + weights["kind.bias"]
    r = x @ weights["size.weight"].T.astype(float) + weights["size.bias"]
    accuracy, mae, mse = np.mean(c.argmax(1) == label), np.abs(r - height).mean(), ((r - height) ** 2).mean()
    second = np.mean([k in np.argsort(-row)[:2] for k, row in zip(label, c)])
    expected = {
        LIST: {"accuracy": accuracy, "mae": mae},
        MAP: {"right": accuracy, "wrong": 1 - accuracy, "far": mae, "both": accuracy + np.mean(c.argmin(1) == label),
              "weighed": 0.5 * mae + 0.25 * mse, "first": np.mean(x[:, 0] * height[:, 0]), "second": second}}
    complaints = []
    for metrics, values in expected.items():
        (folder / "two.nn").write_text(PROGRAM.format(metrics=metrics))
        subprocess.run([nnc, "two.nn", "-o", "two"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        said = subprocess.run(["./two", "eval", "--data", ".", "--weights", "w.safetensors", "--quiet"], cwd=folder, check=True,
                              capture_output=True, text=True).stdout
        got = {key: float(value) for key, value in re.findall(r"^(\w+) (\S+)$", said, re.M)}
        got.pop("loss")
        if list(got) != list(values):
            complaints.append(f"{metrics}: prints {said}")
        complaints += [f"{name}: {got[name]}, in float64 {value:.9g}" for name, value in values.items()
                       if name in got and not abs(got[name] - value) <= 1e-6 * max(1, abs(value))]
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
