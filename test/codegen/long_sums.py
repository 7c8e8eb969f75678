# Sums of a million and ten million f32 numbers, compiled, against the exact ones: the error stays below 5e-7 of the sum of
# usage: long_sums.py NNC INPUTS FOLDER. Exits 1 with a line per sum that misses.
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np

BOUND = 5e-7


def compiled(nnc, model, n, x, folder):
    program = folder / f"{model.stem}{n}"
    subprocess.run([nnc, model, "-Dbatch=1", f"-Dn={n}", "-o", program], check=True, stdout=subprocess.DEVNULL)
    np.save(folder / "x.npy", x)
    subprocess.run([program, "predict", "--weights", folder / "none.safetensors", folder / "x.npy", "--out", folder / "y.npy"], check=True,
                   stdout=subprocess.DEVNULL)
    return np.load(folder / "y.npy").astype("f8")


def main(nnc, inputs, folder):
    inputs, folder = Path(inputs), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "none.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    rng, complaints = np.random.default_rng(5), []
    for model, n, shape in ("sums", 10**6, (1, 10**6)), ("sums", 10**7, (1, 10**7)), ("columns", 10**6, (1, 10**6, 3)):
        for numbers in rng.random(shape, "f4"), rng.standard_normal(shape, "f4"):
            wide = numbers.astype("f8")
            error = np.abs(compiled(nnc, inputs / f"{model}.nn", n, numbers, folder) - wide.sum(1)) / np.abs(wide).sum(1)
            if not np.all(error <= BOUND):
                complaints.append(f"{model} of {n}: off by {error.max():.1e} of the magnitudes' sum")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
