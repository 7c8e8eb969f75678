# Runs every case of every op the reference way, in f32 and f64, and compares with NumPy.
# usage: compare_with_numpy.py NN_RUN OPS.json FOLDER. Exits 1 with one line per disagreement.
import subprocess
import sys
from pathlib import Path

import numpy as np

import modules
from cases import CASES

TOLERANCE = {"f64": 1e-13, "f32": 3e-7}  # of the largest element, times the number of roundings that an op may make
EXACT = {"constant", "iota", "broadcast", "reshape", "transpose", "slice", "pad", "concat", "reduce_max", "reduce_min", "window_max",
         "window_max_pick", "random_uniform", "neg", "abs", "sign", "floor", "ceil", "round", "select", "max", "min"}


def function(mnemonic, case, name, real):
    names = modules.names_of(case)
    return (f"func.func @{name}({modules.arguments_text(case, real, names)}) -> {modules.result(mnemonic, case, real)} {{\n"
            f"  %y = {modules.op_text(mnemonic, case, real, names)}\n"
            f"  return %y : {modules.result(mnemonic, case, real)}\n}}\n")


def disagreement(mnemonic, case, name, real, folder):
    arrays = [np.load(folder / f"{name}.in{k}.npy") for k in range(len(case.operands))]
    got = np.load(folder / f"{name}.out0.npy")
    wanted = modules.evaluate(mnemonic, case, arrays, real)
    if got.shape != wanted.shape or got.dtype != modules.NUMPY_TYPES[modules.result_type(case, real)]:
        return f"is {got.dtype}{got.shape}, NumPy's {wanted.dtype}{wanted.shape}"
    if got.dtype.kind != "f" or mnemonic in EXACT:
        return None if np.array_equal(got, wanted.astype(got.dtype)) else f"is {got.tolist()}, NumPy's {wanted.tolist()}"
    error = np.max(np.abs(got - wanted), initial=0) / max(np.max(np.abs(wanted), initial=0), 1e-30)
    return None if error <= TOLERANCE[real] else f"differs from NumPy by {error:.1e}"


def main(nn_run, ops, folder):
    complaints = modules.missing(modules.oplist.load(ops))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cases = [(m, c, f"{m}_{real}_{k}", real) for real in ("f64", "f32") for m, of in CASES.items() for k, c in enumerate(of)]
    module = folder / "cases.mlir"
    module.write_text("".join(function(*c) for c in cases))
    subprocess.run([nn_run, module, f"--out={folder}"], check=True)
    for mnemonic, case, name, real in cases:
        complaint = disagreement(mnemonic, case, name, real, folder)
        if complaint:
            complaints.append(f"{name} {complaint}")
    print("\n".join(complaints) or f"{len(cases)} cases agree with NumPy")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
