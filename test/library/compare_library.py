# Runs the cases of every function of the standard library in f64 and compares with NumPy, and gradients with differences.
# usage: compare_library.py NNC NN_OPT NN_RUN STDLIB FOLDER [NAME...]. Exits 1 with one line per disagreement.
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import case as kinds
import programs
from cases import BUILTINS_ELSEWHERE, CASES, ELSEWHERE

CASES_PER_MODULE = 10
BUILTIN = re.compile(r'^    \{"(\w+)", ', re.M)
DECLARATION = re.compile(r"^(?:kernel fn|fn|layer|initializer|optimizer|schedule|metric) (\w+)", re.M)


def missing(stdlib):
    """Complaints about names of the library that no case has, and cases of names that the library lacks."""
    known = {name: path.name for path in Path(stdlib).glob("*.nn") for name in DECLARATION.findall(path.read_text())}
    builtins = Path(__file__).resolve().parents[2] / "frontend" / "Builtins.cpp"
    known |= {name: builtins.name for name in BUILTIN.findall(builtins.read_text()) if name not in BUILTINS_ELSEWHERE}
    tested = {name for case in CASES for name in case.functions.split()}
    for name, file in known.items():
        if name not in tested and file not in ELSEWHERE:
            yield f"{name} of {file} has no case: add one to test/library"
    yield from (f"test/library has a case of {name}, which the library has not" for name in sorted(tested - set(known)))


def disagreement(got, wanted, tolerance):
    got, wanted = np.asarray(got), np.asarray(wanted, dtype=np.float64)
    if got.shape != wanted.shape:
        return f"has the shape {got.shape}, NumPy's {wanted.shape}"
    if not np.all(np.isfinite(wanted)):
        return f"is compared with {wanted}"
    error = np.max(np.abs(got - wanted), initial=0) / max(np.max(np.abs(wanted), initial=0), 1e-30)
    return None if error <= tolerance else f"differs from NumPy by {error:.1e}: {got.ravel()[:6]}, NumPy's {wanted.ravel()[:6]}"


def names_of(text, name):
    """What each argument of @name is called: an input, or a parameter without the name of its layer."""
    head = re.search(rf"func\.func @{re.escape(name)}\((.*)", text)[1]
    return [n.partition(".")[2].replace(".", "_") or n for n in re.findall(r'nn\.name = "([^"]*)"', head)]


def complaint(case, name, text, folder):
    def load(kind, k):
        return np.load(folder / f"{name}.{kind}{k}.npy")
    if isinstance(case, kinds.InitializerCase):
        return case.check(load("out", 0))
    arguments = names_of(text, name)
    values = [load("in", k) for k in range(len(arguments))]
    if isinstance(case, kinds.MetricCase):
        half = len(values) // 2
        rows = [np.concatenate([values[k], values[half + k][:2]]) for k in range(half)]
        return disagreement(load("out", 0), case.reference(*rows), case.tolerance)
    given = dict(zip(arguments, values))
    inputs = [given.pop(n) for n in case.inputs]
    owned = {n: v for n, v in given.items() if n not in ("cotangent", "seed", "step")}
    if case.training:
        wrt = [int(k) for k in re.search(rf"@{re.escape(name)}\.gradient.*?nn\.wrt = array<i64: ([\d, ]*)>", text)[1].split(",")]
        y = np.load(folder / f"{name}.gradient.out{wrt.index(arguments.index('cotangent'))}.npy")
        if isinstance(case, kinds.DrawCase):
            return case.check(y, *inputs)
        outputs = [y] + [np.load(p) for p in sorted(folder.glob(f"{name}.out*.npy"))[1:]]
    else:
        outputs = [np.load(p) for p in sorted(folder.glob(f"{name}.out*.npy"))[1:]]
    wanted = case.reference(*inputs, **owned)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    if len(wanted) != len(outputs):
        return f"has {len(outputs)} results, NumPy {len(wanted)}"
    return next(filter(None, (disagreement(a, b, case.tolerance) for a, b in zip(outputs, wanted))), None)


def check(tools, folder, cases):
    """Complaints about some cases, and how many gradients were compared. One module for all is slower than several."""
    nnc, nn_opt, nn_run, stdlib = tools
    compiled = {name: programs.compile_case(nnc, stdlib, folder, name, case) for name, case in cases.items()}
    complaints = [parts for parts in compiled.values() if isinstance(parts, str)]
    good = {name: cases[name] for name, parts in compiled.items() if not isinstance(parts, str)}
    text = "".join("".join(programs.join(name, case, compiled[name])) for name, case in good.items())
    module = folder / f"{next(iter(cases))}.mlir"
    expanded = module.with_suffix(".expanded.mlir")
    module.write_text(text)
    subprocess.run([nn_opt, "--nn-autodiff", module, "-o", expanded], check=True)
    derived = ".gradient(" in text
    run = subprocess.run([nn_run, expanded, f"--out={folder}"] + ["--check-gradients"] * derived, capture_output=True, text=True)
    if run.returncode and "FAIL" not in run.stdout:
        return complaints + [f"{module}: {run.stderr}"], 0
    complaints += [line for line in run.stdout.splitlines() if not line.startswith("ok")]
    for name, case in good.items():
        found = complaint(case, name, text, folder)
        if found:
            complaints.append(f"{name} ({getattr(case, 'body', '')}) {found}")
    return complaints, run.stdout.count("ok ")


def main(nnc, nn_opt, nn_run, stdlib, folder, *only):
    complaints = [] if only else list(missing(stdlib))
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cases = [(f"{case.functions.split()[0]}_{k}", case) for k, case in enumerate(CASES) if not only or set(only) & set(case.functions.split())]
    chunks = [dict(cases[i:i + CASES_PER_MODULE]) for i in range(0, len(cases), CASES_PER_MODULE)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda chunk: check((nnc, nn_opt, nn_run, stdlib), folder, chunk), chunks))
    complaints += [line for found, _ in results for line in found]
    print("\n".join(complaints) or f"{len(cases)} cases agree with NumPy, {sum(n for _, n in results)} with central differences")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
