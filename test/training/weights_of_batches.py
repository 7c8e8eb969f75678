# `eval` in batches whose weights differ or are nothing: a last batch whose labels are all ignored, records of weight 0, losses that are
# no mean of all rows. Against NumPy in float64, from given weights; and training goes on through a batch in which nothing counts, and with
# a weighted mean in the model itself.
# usage: weights_of_batches.py NNC FOLDER. Exits 1 with a line per difference.
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors_file import write_safetensors

BATCH = 4
PROGRAM = """
fn first(y, target) {{ return y }}

model M(x: f32[batch, 3]) -> {result} {{
  let y = x |> Dense(2) as a
  return {value}
}}

train M {{
  data      = npz("a.npz", x: f32[batch, 3], y: f32[batch, 2], label: i32[batch], w: f32[batch])
  test      = npz("a.npz", x: f32[batch, 3], y: f32[batch, 2], label: i32[batch], w: f32[batch])
  input     = x
  target    = {target}
  batch     = 4
  loss      = {loss}
  optimizer = SGD(lr: 0.1)
  shuffle   = false
  steps     = 3
  {more}
}}
"""


def log_sum(z):
    return np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1)


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, n = np.random.default_rng(7), 11
    x, y, w = (rng.standard_normal(shape).astype(np.float32) for shape in [(n, 3), (n, 2), (n,)])
    w, label = np.abs(w), rng.integers(0, 2, n)
    label[8:] = -100  # the last batch has no label,
    label[1] = -100
    w[4:8] = 0  # and the second one no weight
    np.savez(folder / "a.npz", x=x, y=y, label=label.astype(np.int32), w=w)
    weights = {"a.weight": rng.standard_normal((2, 3)).astype(np.float32), "a.bias": rng.standard_normal(2).astype(np.float32)}
    write_safetensors(folder / "w.safetensors", weights)
    x, y, w = x.astype(float), y.astype(float), w.astype(float)
    z = x @ weights["a.weight"].T.astype(float) + weights["a.bias"]
    squares, known = (z - y) ** 2, label >= 0
    losses = log_sum(z)[known] - z[known, label[known]]
    batches = [slice(i, min(i + BATCH, n)) for i in range(0, n, BATCH)]
    totals = np.array([w[b].sum() for b in batches])
    roots = np.array([np.sqrt((squares[b].mean(1) * w[b]).sum() / w[b].sum()) if w[b].sum() else 0 for b in batches])
    sums = np.array([(squares[b] * w[b, None]).sum() for b in batches])
    tensor = dict(result="f32[batch, 2]", value="y", more="")
    weighted = dict(tensor, more="sample_weight = w")
    expected = [
        (dict(tensor, target="label", loss="cross_entropy"), losses.mean()),
        (dict(tensor, target="y", loss="mse", more="sample_weight = w"), (squares.mean(1) * w).sum() / w.sum()),
        (dict(weighted, target="y", loss="mean((output - y)^2, axis: 0)[0] + mean((output - y)^2, axis: 0)[1]"),
         (squares * w[:, None]).sum() / w.sum()),
        *((dict(weighted, target="y", loss=loss), (sums * totals).sum() / w.sum())
          for loss in ("sum((output - y)^2)", 'contract("ni,ni->", output - y, output - y)',
                       'contract("ni,ni,nj->", output - y, output - y, output^0) / 2',
                       'contract("ii->", contract("ni,nj->ij", output - y, output - y))',
                       "(output - y)[:, 0] @ (output - y)[:, 0] + (output - y)[:, 1] @ (output - y)[:, 1]",
                       'contract("ii->", transpose(output - y) @ (output - y))')),
        (dict(weighted, target="y", loss="sqrt(mean((output - y)^2))"), (roots * totals).sum() / w.sum()),
        (dict(result="f32", value="mean(y[:, 0], weights: abs(x[:, 0]))", target="y", loss="first", more=""), None)]
    np.savez(folder / "nothing.npz", x=x.astype("f4"), y=y.astype("f4"), label=np.full(n, -100, np.int32), w=0 * w.astype("f4"))
    complaints = []
    for k, (values, loss) in enumerate(expected):
        (folder / "m.nn").write_text(PROGRAM.format(**values))
        subprocess.run([nnc, "m.nn", "-o", "m"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        run = [["./m", "train", "--data", ".", "--weights", "w.safetensors", "--out", "o.safetensors", "--quiet"],
               ["./m", "eval", "--data", ".", "--weights", "w.safetensors", "--quiet"]]
        for command in run["sqrt" in values["loss"]:]:  # whose gradient at 0 is infinite
            out = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if out.returncode:
                complaints.append(f"{values['loss']}: {out.stderr}")
        got = re.search(r"^loss (\S+)$", out.stdout, re.M)
        if not got or loss is not None and not abs(float(got[1]) - loss) <= 1e-6 * abs(loss):
            complaints.append(f"{values['loss']}: {out.stdout}, in float64 {loss}")
    # A data set in which nothing counts: the mean is 0, as in training; nobody knows the accuracy.
    text = PROGRAM.format(**dict(tensor, target="label", loss="cross_entropy", more="metrics = [accuracy, cross_entropy]"))
    (folder / "m.nn").write_text(text.replace("a.npz", "nothing.npz"))
    subprocess.run([nnc, "m.nn", "-o", "m"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    out = subprocess.run(run[1], cwd=folder, capture_output=True, text=True)
    if out.stdout != "loss 0\naccuracy nan\ncross_entropy 0\n":
        complaints.append(f"nothing counts: {out.stdout}{out.stderr}")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
