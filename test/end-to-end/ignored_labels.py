# A softmax regression on records of which some have the label -100, against NumPy: gradients of one batch, loss and accuracy
# of a data set whose last batch is partial; and what the program says about other labels.
# usage: ignored_labels.py NNC FOLDER. Exits 1 with one line per difference.
import subprocess
import sys
from pathlib import Path

import numpy as np

from safetensors_file import read_safetensors

MODEL = """
model M(x: f32[batch, 4]) -> f32[batch, 3] { return x |> Dense(3) }
train M {
  data      = npz("train.npz", x: f32[batch, 4], label: i32[batch])
  test      = npz("test.npz", x: f32[batch, 4], label: i32[batch])
  batch     = 8
  loss      = %s
  metrics   = [accuracy]
  optimizer = SGD(lr: 0.1)
}
"""


def softmax_loss(weight, bias, x, label, ignore):
    """The mean over labels that count, its gradient with respect to the bias, and the accuracy."""
    counts = label != ignore
    z = x.astype(np.float64) @ weight.T + bias
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    rows = np.flatnonzero(counts)
    loss = -np.log(p[rows, label[rows]]).mean()
    p[rows, label[rows]] -= 1
    return loss, p[rows].sum(0) / len(rows), (z[rows].argmax(1) == label[rows]).mean()


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    complaints = []

    def save(name, count, label):
        x = rng.normal(size=(count, 4)).astype(np.float32)
        np.savez(folder / name, x=x, label=label.astype(np.int32))
        return x

    def run(*arguments, wanted=0):
        done = subprocess.run(["./m", *map(str, arguments)], cwd=folder, capture_output=True, text=True)
        if done.returncode != wanted:
            complaints.append(f"{arguments[0]} ends with {done.returncode}: {done.stderr}")
        return done.stdout + done.stderr

    for ignore, loss in ((-100, "cross_entropy"), (1, "cross_entropy(ignore: 1)"), (255, "cross_entropy(ignore: 255)")):
        (folder / "m.nn").write_text(MODEL % loss)
        subprocess.run([nnc, "m.nn", "-o", "m", "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        label = rng.integers(0, 3, 21)
        label[[0, 3, 8, 20]] = ignore
        save("train.npz", 21, label)
        x = save("test.npz", 21, label)
        np.savez(folder / "batch.npz", x=x[:8], label=label[:8].astype(np.int32))
        run("train", "--steps", 3, "--quiet", "--out", "w.safetensors")
        weights = read_safetensors(folder / "w.safetensors")
        weight, bias = weights["dense_1.weight"], weights["dense_1.bias"]
        run("gradients", "--data", "batch.npz", "--weights", "w.safetensors", "--out", "g.safetensors")
        got = read_safetensors(folder / "g.safetensors")
        value, gradient, _ = softmax_loss(weight, bias, x[:8], label[:8], ignore)
        lines = dict(line.split() for line in run("eval", "--quiet", "--weights", "w.safetensors").splitlines())
        mean, _, _ = softmax_loss(weight, bias, x, label, ignore)
        share = ((x.astype(np.float64) @ weight.T + bias).argmax(1) == label)[label != -100].mean()
        for what, have, want in (("loss", got["loss"], value), ("d/dense_1.bias", got["d/dense_1.bias"], gradient),
                                 ("loss of the data set", float(lines["loss"]), mean), ("accuracy", float(lines["accuracy"]), share)):
            if not np.allclose(have, want, rtol=2e-6, atol=1e-7):
                complaints.append(f"{loss}: {what} is {have}, NumPy's {want}")

    # Means with different divisors, scaled and added: each is taken over the data set on its own. The weights and data are the last ones.
    for loss, value in (("0.25 * cross_entropy(output, label)", lambda ce, square: 0.25 * ce),
                        ("-0.3 * mse(output, x[:, 1:]) + cross_entropy(ignore: 255)(output, label) / 4 + 1", lambda ce, square: ce / 4 - 0.3 * square + 1),
                        ("2 * (cross_entropy(ignore: 255)(output, label) - mse(output, x[:, 1:]))", lambda ce, square: 2 * (ce - square))):
        (folder / "m.nn").write_text(MODEL % loss)
        subprocess.run([nnc, "m.nn", "-o", "m", "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        ignore = 255 if "255" in loss else -100
        np.savez(folder / "test.npz", x=x, label=np.where(label == 255, ignore, label).astype(np.int32))
        got = float(dict(line.split() for line in run("eval", "--quiet", "--weights", "w.safetensors").splitlines())["loss"])
        square = np.mean((x.astype(np.float64) @ weight.T + bias - x[:, 1:])**2)
        want = value(softmax_loss(weight, bias, x, label, 255)[0], square)
        if not np.allclose(got, want, rtol=2e-6):
            complaints.append(f"{loss}: loss of the data set is {got}, NumPy's {want}")

    for loss, bad, said in (
            ("cross_entropy", 3, "record 2 holds 3, the model takes 0 to 2 (and -100, which does not count): correct the data, or the "
                                 "model's number of classes"),
            ("cross_entropy(ignore: none)", -100, "record 2 holds -100, the model takes 0 to 2: correct the data, or the model's number "
                                                  "of classes")):
        (folder / "m.nn").write_text(MODEL % loss)
        subprocess.run([nnc, "m.nn", "-o", "m", "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        label = np.zeros(10, int)
        label[2] = bad
        save("train.npz", 10, label)
        text = run("train", "--steps", 1, wanted=1)
        if said not in text:
            complaints.append(f"{loss} says {text}")
    print("\n".join(complaints) or "ignored labels do not count")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
