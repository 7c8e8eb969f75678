# Writes a module with the derivative of every case of every differentiable op, for nn-autodiff and nn-run --check-gradients.
# usage: gradients.py OPS.json [--structure] > MODULE.mlir. Exits 1 where an op has no case.
#   f.gradient       is checked against central differences of f = sum(op(x) * w), w = cos(1 + i)
#   f.slope.gradient against those of f.slope = sum over operands of sum(df/dx * v), v = cos(2 + i): second derivatives
# With --structure: one function per op with the op alone, for the test of what its rule builds.
import sys

import modules
from cases import CASES


def weighted_sum(value, shape, name, phase):
    """Lines that make %name = sum(value * cos(phase + i)), i counting elements; f64."""
    n = 1
    for extent in shape:
        n *= extent
    flat, whole = modules.tensor((n,), "f64"), modules.tensor(shape, "f64")
    axes = ", ".join(map(str, range(len(shape))))
    axes = f"array<i64: {axes}>" if shape else "array<i64>"
    yield f"%{name}_i = nn.iota {{axis = 0 : i64}} : {flat}"
    yield f"%{name}_p = nn.constant dense<{phase}.0> : {flat}"
    yield f"%{name}_q = nn.add %{name}_i, %{name}_p : {flat}, {flat} -> {flat}"
    yield f"%{name}_c = nn.cos %{name}_q : {flat} -> {flat}"
    yield f"%{name}_w = nn.reshape %{name}_c : {flat} -> {whole}"
    yield f"%{name}_m = nn.mul {value}, %{name}_w : {whole}, {whole} -> {whole}"
    yield f"%{name} = nn.reduce_sum %{name}_m {{axes = {axes}}} : {whole} -> tensor<f64>"


def function(name, arguments, results, lines, returned, attributes=""):
    body = "".join(f"  {line}\n" for line in lines)
    many = "(" + ", ".join(results) + ")"
    return f"func.func @{name}({arguments}) -> {many}{attributes} {{\n{body}  return {', '.join(returned)} : {', '.join(results)}\n}}\n"


def value_and_grad(callee, names, types, wrt):
    grads = [f"%g{i}" for i in wrt]
    results = ["tensor<f64>"] + [types[i] for i in wrt]
    return (f"%loss, {', '.join(grads)} = nn.value_and_grad @{callee}({', '.join(names)}) "
            f"{{wrt = array<i64: {', '.join(map(str, wrt))}>}} : ({', '.join(types)}) -> ({', '.join(results)})"), grads


def case_functions(mnemonic, case, name):
    names, types = modules.names_of(case), modules.operand_types(case, "f64")
    arguments = modules.arguments_text(case, "f64", names)
    wrt = [i for i, o in enumerate(case.operands) if o.type is None]
    attributes = f" attributes {{nn.wrt = array<i64: {', '.join(map(str, wrt))}>}}"
    shape = modules.result_shape(mnemonic, case, "f64")
    op = f"%y = {modules.op_text(mnemonic, case, 'f64', names)}"
    yield function(name, arguments, ["tensor<f64>"], [op, *weighted_sum("%y", shape, "s", 1)], ["%s"])

    gradient, grads = value_and_grad(name, names, types, wrt)
    yield function(f"{name}.gradient", arguments, [types[i] for i in wrt], [gradient], grads, attributes)

    lines, total = [gradient], None
    for i, g in zip(wrt, grads):
        lines += weighted_sum(g, case.operands[i].shape, f"s{i}", 2)
        if total is not None:
            lines.append(f"%t{i} = nn.add {total}, %s{i} : tensor<f64>, tensor<f64> -> tensor<f64>")
        total = f"%s{i}" if total is None else f"%t{i}"
    yield function(f"{name}.slope", arguments, ["tensor<f64>"], lines, [total])
    gradient, grads = value_and_grad(f"{name}.slope", names, types, wrt)
    yield function(f"{name}.slope.gradient", arguments, [types[i] for i in wrt], [gradient], grads, attributes)


def structure_function(mnemonic, case):
    """@mnemonic: its gradients for a weight that is an argument, so that nothing but the rule stands between."""
    names, types = modules.names_of(case), modules.operand_types(case, "f64")
    wrt = [i for i, o in enumerate(case.operands) if o.type is None]
    y, shape = modules.result(mnemonic, case, "f64"), modules.result_shape(mnemonic, case, "f64")
    axes = ", ".join(map(str, range(len(shape))))
    axes = f"array<i64: {axes}>" if shape else "array<i64>"
    arguments = ", ".join(f"{n}: {t}" for n, t in zip(names + ["%w"], types + [y]))
    yield function(f"{mnemonic}.loss", arguments, ["tensor<f64>"],
                   [f"%y = {modules.op_text(mnemonic, case, 'f64', names)}", f"%m = nn.mul %y, %w : {y}, {y} -> {y}",
                    f"%s = nn.reduce_sum %m {{axes = {axes}}} : {y} -> tensor<f64>"], ["%s"]).replace("func.func", "func.func private", 1)
    gradient, grads = value_and_grad(f"{mnemonic}.loss", names + ["%w"], types + [y], wrt)
    yield function(mnemonic, arguments, ["tensor<f64>"] + [types[i] for i in wrt], [gradient], ["%loss"] + grads)


def differentiable_cases(mnemonic):
    """Cases whose result and some operand are floating-point numbers."""
    for k, case in enumerate(CASES.get(mnemonic, [])):
        if modules.result_type(case, "f64") == "f64" and any(o.type is None for o in case.operands):
            yield k, case


def main(ops, mode=None):
    ops = modules.oplist.load(ops)
    complaints = modules.missing(ops)
    for mnemonic, op in ops.items():
        if not op.differentiable:
            continue
        cases = list(differentiable_cases(mnemonic))
        if not cases:
            complaints.append(f"nn.{mnemonic} has a derivative and no case that takes one")
            continue
        if mode == "--structure":
            print("".join(structure_function(mnemonic, cases[0][1])))
            continue
        for k, case in cases:
            print("".join(case_functions(mnemonic, case, f"{mnemonic}_{k}")))
    print("\n".join(complaints), file=sys.stderr)
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
