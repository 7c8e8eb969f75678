# Builds an autoencoder with entries of its own, and compares their results with NumPy on the trained weights.
# usage: entries.py NNC MODEL FOLDER
import json
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import safetensors_file

nnc, model, folder = sys.argv[1:]
os.chdir(folder)
rng = np.random.default_rng(0)
x = rng.standard_normal((8, 6)).astype("f4")
np.savez("points.npz", x=x)
subprocess.run([nnc, model, "-o", "auto"], check=True, stdout=subprocess.DEVNULL)


def run(*arguments, status=0):
    out = subprocess.run(["./auto", *arguments], capture_output=True, text=True)
    assert out.returncode == status, (arguments, out)
    return out.stdout if status == 0 else out.stderr


def close(a, b):
    assert np.allclose(a, b, rtol=1e-5, atol=1e-6), (a, b)


trained = subprocess.run(["./auto", "train", "--quiet"], capture_output=True, text=True, check=True)
shown = [line for line in trained.stderr.splitlines() if line.startswith("inspect")]
assert len(shown) == 3 and shown[0].startswith("inspect code f32[batch, 2]: mean "), shown  # steps 1, 2 and 4
weights = safetensors_file.read_safetensors(Path("auto.safetensors"))
encode = lambda x: x @ weights["encoder.weight"].T + weights["encoder.bias"]
decode = lambda c: c @ weights["decoder.weight"].T + weights["decoder.bias"]

# Rows in batches of the entry, the last one partial.
np.save("x.npy", x)
run("encode", "x.npy", "--out", "codes.npy")
close(np.load("codes.npy"), encode(x))

c, scale = rng.standard_normal((3, 2)).astype("f4"), rng.standard_normal((3, 1)).astype("f4")
np.savez("codes.npz", c=c, scale=scale)
rows = [json.loads(line) for line in run("decode", "codes.npz").splitlines()]
assert [row["record"] for row in rows] == [0, 1, 2]
close([row["y"] for row in rows], scale * decode(c))
close([row["norm"] for row in rows], ((scale * decode(c)) ** 2).sum(1))

run("sample", "--out", "a.npy", "--seed", "1")
run("sample", "--out", "b.npy", "--seed", "1")
run("sample", "--out", "c.npy", "--seed", "2")
a, b, c = (np.load(f"{name}.npy") for name in "abc")
assert a.shape == (5, 6) and np.array_equal(a, b) and not np.array_equal(a, c)

assert "sample takes no argument 'x.npy'" in run("sample", "x.npy", status=2)
assert "encode takes at least one file" in run("encode", status=2)
assert "there is no verb 'encod': did you mean 'encode'?" in run("encod", status=2)
assert "encode has no option '--epochs'" in run("encode", "x.npy", "--epochs", "3", status=2)
assert "'c' f32[n, 2]" in run("decode", "x.npy", status=1)
help = run("--help")
assert "encode INPUT..." in help and "sample" in help, help

np.save("large.npy", np.full((1, 6), 200, "f4"))
message = run("predict", "large.npy", status=1)
assert "entries.nn:8: assert x < 100 does not hold for 6 elements" in message, message
