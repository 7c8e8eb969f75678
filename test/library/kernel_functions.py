# Every `kernel fn` of the library, values and gradients: compiled programs with direct implementations, and with `bodies`
# in their place, against the reference. nn-run compares, and asks for the same bits of any order of tasks and three threads.
# usage: kernel_functions.py NNC NN_OPT NN_RUN STDLIB FOLDER TARGET [bodies]
import re
import subprocess
import sys
from pathlib import Path

# name: calls of it; inputs with types and shapes of which "1 3 7" ... are the extents of the letters; shapes of the results.
ROWS = ["1 1", "5 64", "33 65", "7 37"]
CASES = {
    "softmax": [("softmax(x)", "x:r,n", ["r,n"], ROWS)],
    "log_softmax": [("log_softmax(x)", "x:r,n", ["r,n"], ROWS)],
    "cross_entropy_from_logits": [
        ("cross_entropy_from_logits(x, cast(i, i32), 0)", "x:r,n i:r", ["r"], ROWS),
        ("cross_entropy_from_logits(x, cast(i, i32), 0.1)", "x:r,n i:r", ["r"], ROWS)],
    "batch_norm": [("batch_norm(x, w, b, 0.01)", "x:r,c,n w:c b:c", ["r,c,n", "c", "c"], ["2 1 3", "5 7 19"])],
    "layer_norm": [("layer_norm(x, w, b, 0.01)", "x:r,n w:n b:n", ["r,n"], ROWS[1:])],
    "layer_norm_slope": [("layer_norm_slope(x, w, a, f, d)", "x:r,n w:n a:r f:r d:r,n", ["r,n"], ROWS[1:])],
    "attention": [
        ("attention(q, k, v, 0.5, false)", "q:h,t,d k:h,s,d v:h,s,e", ["h,t,e"],
         ["1 1 1 1 1", "1 64 64 32 32", "1 19 70 5 8", "2 131 37 16 20"]),
        ("attention(q, k, v, 0.3, true)", "q:h,t,d k:h,s,d v:h,s,e", ["h,t,e"],
         ["1 16 1 16 16", "1 77 16 50 20", "1 50 12 77 8", "3 64 64 16 32", "2 33 45 8 12"]),
        ("attention(q, k, v, 0.5, false, m > 0.4)", "q:h,t,d k:h,s,d v:h,s,e m:h,t,s", ["h,t,e"],  # some queries see nothing
         ["1 1 1 1 1", "1 19 8 3 4", "2 131 16 37 20"]),
        ("attention(q, k, v, 0.3, true, m > 0.4)", "q:h,t,d k:h,s,d v:h,s,e m:t,s", ["h,t,e"], ["1 77 20 50 16", "3 33 8 45 12"]),
        ("attention(q, k, v, 0.3, false, m > -0.5)", "q:h,t,d k:h,s,d v:h,s,e m:h,o,s", ["h,t,e"], ["3 33 8 70 12 1"])],
    "dropout": [("dropout(x, cast(counter, i64), 0.3)", "x:r,n counter:k", ["r,n"], ["1 1 2", "33 65 2"])],
    "lstm_cell": [("lstm_cell(concat(a, b, c, d, axis: 1), x)", "a:r,n b:r,n c:r,n d:r,n x:r,n", ["r,n", "r,n"], ["1 1", "17 33"])],
    "gru_cell": [("gru_cell(concat(a, b, c, axis: 1), concat(c, b, a, axis: 1), x)", "a:r,n b:r,n c:r,n x:r,n", ["r,n"], ["1 1", "17 33"])],
}


def pattern(names):
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def entries():
    """The text of a program with an entry per call and size, in f32, the last size in f64, too. What it takes and returns has one row."""
    functions, bodies = [], []
    for calls in CASES.values():
        for call, inputs, results, sizes in calls:
            shapes = dict(part.split(":") for part in inputs.split())
            letters = list(dict.fromkeys(re.findall(r"[a-z]", " ".join(shapes.values()))))
            real = [name for name in shapes if name not in ("i", "m", "counter")]
            outputs, weights = ([f"{name}{k}" for k in range(len(results))] for name in "yg")
            slopes = [f"d_{name}" for name in real]
            arguments = ", ".join([*shapes, *weights])
            values = f"  let {pattern(outputs)} = {call}\n"
            loss = f"loss{len(functions)}"
            functions.append(f"fn {loss}({arguments}) {{\n{values}"
                             f"  return {' + '.join(f'sum({w} * {y})' for w, y in zip(weights, outputs))}\n}}\n")
            for size in sizes:
                extents = dict(zip(letters, size.split(), strict=True))
                for element in ("f32", "f64") if size == sizes[-1] else ("f32",):
                    def typed(names, kinds):
                        return ", ".join(f"{name}: {element}[1, {', '.join(extents[letter] for letter in kind.split(','))}]"
                                         for name, kind in zip(names, kinds))
                    given = [f"{name}_" for name in [*shapes, *weights]]
                    bodies.append(
                        f"  entry case{len(bodies)}({typed(given, [*shapes.values(), *results])})"
                        f" -> ({typed(outputs + slopes, results + [shapes[name] for name in real])}) {{\n"
                        + "".join(f"    let {name[:-1]} = {name}[0]\n" for name in given) +
                        f"  {values}    let {pattern(slopes)} = grad({loss}, wrt: {pattern(real)})({arguments})\n"
                        f"    return ({', '.join(f'{name}[new]' for name in outputs + slopes)})\n  }}\n")
    return "".join(functions) + "model M(input: f32[1]) -> f32[1] {\n" + "".join(bodies) + "  return input\n}\n"


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode and not result.stdout:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stderr}")
    return result.stdout


def complaints(nnc, nn_opt, nn_run, stdlib, folder, target, *also):
    library = {name for path in Path(stdlib).glob("*.nn") for name in re.findall(r"^kernel fn (\w+)", path.read_text(), re.M)}
    yield from (f"`kernel fn {name}` has no case in test/library/kernel_functions.py" for name in sorted(library - set(CASES)))
    yield from (f"there is a case of {name}, which is no `kernel fn`" for name in sorted(set(CASES) - library))
    direct = set(run(nn_run, "--kernel-functions").split())
    yield from (f"codegen/kernels has {name}, which is no `kernel fn`" for name in sorted(n for n in direct if n.removesuffix("_gradient") not in library))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    program, module, bodies = folder / "program.nn", folder / "module.mlir", folder / "bodies.mlir"
    program.write_text(entries())
    text = run(nnc, "--emit=nn", f"--stdlib={stdlib}", program)
    module.write_text(text)
    fused = run(nn_opt, f"--target={target}", "--pass-pipeline=builtin.module(nn-to-train,nn-to-fused)", module)
    identity = dict(re.findall(r'func\.func private @(\w+)\(.*nn\.kernel_fn = "(\w+)"', fused))
    used = {identity[symbol] for symbol in re.findall(r"nn\.call @(\w+)", fused)}
    yield from (f"no case calls the direct implementation of {name}" for name in sorted(direct - used))
    bodies.write_text(text.replace("nn.kernel_fn = ", "nn.was = "))
    for path in [module] + [bodies] * ("bodies" in also):
        lines = run(nn_run, "--compiled", f"--target={target}", path).splitlines()
        yield from (f"{path.name}: {line}" for line in lines if not line.startswith("ok"))
        if sum(line.startswith("ok   case") for line in lines) != text.count("func.func @case"):
            yield f"{path.name}: not all cases ran"


if __name__ == "__main__":
    found = list(complaints(*sys.argv[1:]))
    print("\n".join(found) or f"{sum(len(calls) for calls in CASES.values())} calls of {len(CASES)} kernel functions agree")
    sys.exit(bool(found))
