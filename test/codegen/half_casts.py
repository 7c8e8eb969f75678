# Compares casts to bf16 and f16 with NumPy's float16 and with bf16 rounded in integers, and compiled casts with these.
# usage: half_casts.py NN_RUN FOLDER. Exits 1 with a line per type that differs.
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np


def to_bf16(x):
    """The nearest bf16, exactly: neighbours are compared as fractions."""
    if not np.isfinite(x) or x == 0:
        return x
    low = struct.unpack("<I", struct.pack("<f", np.float32(x)))[0] & 0xFFFF0000
    number = lambda bits: struct.unpack("<f", struct.pack("<I", bits))[0]
    if abs(number(low)) > abs(x):  # the f32 was rounded up to it
        low -= 0x10000
    high = low + 0x10000
    below, above = abs(Fraction(float(x)) - Fraction(number(low))), None
    largest = Fraction(2) ** 128
    above = abs((Fraction(number(high)) if np.isfinite(number(high)) else largest * (1 if x > 0 else -1)) - Fraction(float(x)))
    nearer_high = above < below or (above == below and (low >> 16) & 1)
    return number(high if nearer_high else low)


def samples(rng):
    """Numbers of all sizes, and doubles that lie next to the middle between two halves."""
    values = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 6e-8, 65504, 65519.999999, 65520, 3.4e38, 3.39e38, 1e300, -1e-320]
    values += list(rng.standard_normal(300) * 10.0 ** rng.integers(-12, 12, 300))
    for bits in (8, 11):
        for _ in range(200):
            middle = (2 * int(rng.integers(2**(bits - 1), 2**bits)) + 1) * 2.0 ** int(rng.integers(-20, 8))
            values += [middle, np.nextafter(middle, 0), np.nextafter(middle, np.inf), middle * (1 + 2**-30), -middle * (1 - 2**-30)]
    return np.array(values)


def main(nn_run, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, complaints = np.random.default_rng(3), []
    doubles = samples(rng)
    integers = np.concatenate([rng.integers(-2**31, 2**31, 300), rng.integers(-70000, 70000, 300), [2**31 - 1, -2**31, 257, 258, 259]])
    for source, numbers in ("f64", doubles), ("f32", doubles.astype("f4")), ("i32", integers.astype("i4")):
        for half in "bf16", "f16":
            n, name = len(numbers), f"{source}_{half}"
            text = (f"func.func @f(%x: tensor<{n}x{source}>) -> tensor<{n}xf64> {{\n"
                    f"  %h = nn.cast %x : tensor<{n}x{source}> -> tensor<{n}x{half}>\n"
                    f"  %y = nn.cast %h : tensor<{n}x{half}> -> tensor<{n}xf64>\n  return %y : tensor<{n}xf64>\n}}\n")
            (folder / f"{name}.mlir").write_text(text)
            np.save(folder / f"{name}.npy", numbers)
            subprocess.run([nn_run, folder / f"{name}.mlir", f"--in={folder / name}.npy", f"--out={folder / name}"], check=True)
            got = np.load(folder / name / "f.out0.npy")
            exact = numbers.astype("f8")
            with np.errstate(all="ignore"):
                wanted = exact.astype("f2").astype("f8") if half == "f16" else np.array([to_bf16(x) for x in exact])
            wrong = ~((got == wanted) & (np.signbit(got) == np.signbit(wanted)) | (np.isnan(got) & np.isnan(wanted)))
            if wrong.any():
                k = int(np.argmax(wrong))
                complaints.append(f"{source} to {half}: {wrong.sum()} of {n} differ; {exact[k]!r} becomes {got[k]!r}, not {wanted[k]!r}")
            compiled = subprocess.run([nn_run, "--compiled", folder / f"{name}.mlir"], capture_output=True, text=True)
            if not compiled.stdout.startswith("ok   f: 0.00"):
                complaints.append(f"{name} compiled: {compiled.stdout}{compiled.stderr}")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
