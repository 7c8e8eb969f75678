# From cases to one nn module: nnc compiles each case's model, and its functions are joined under names of their own.
import re
import subprocess

import case as kinds

ARGUMENT = re.compile(r"(%[\w.$-]+): (tensor<[^>]*>)(?: \{(.*?)\})?(?=, %|$)")


class Function:
    """The text of one func.func, taken apart."""

    def __init__(self, text):
        head, self.lines = text.split(" {\n", 1)[0], text.split(" {\n", 1)[1].splitlines()
        self.lines = self.lines[:next(i for i, line in enumerate(self.lines) if line.strip().startswith("return"))] + [
            next(line for line in self.lines if line.strip().startswith("return"))]
        match = re.match(r"func\.func (?:private )?@([\w.]+)\((.*?)\)(?: -> (.*))?$", head.split(" attributes ")[0], re.S)
        self.name, self.head = match[1], head
        self.arguments, self.types, self.attributes = [], [], []
        for name, type, attributes in ARGUMENT.findall(match[2]):
            self.arguments.append(name)
            self.types.append(type)
            self.attributes.append(attributes)
        returned = self.lines.pop().strip()
        values, _, types = returned.removeprefix("return").partition(" : ")
        self.results = [v.strip() for v in values.split(",") if v.strip()]
        self.result_types = re.findall(r"tensor<[^>]*>", types)
        self.result_names = re.findall(r'nn\.name = "([^"]*)"', match[3] or "")

    def role(self, k):
        match = re.search(r'nn\.role = "(\w+)"', self.attributes[k])
        return match[1] if match else ""

    def argument_name(self, k):
        match = re.search(r'nn\.name = "([^"]*)"', self.attributes[k])
        return match[1] if match else self.arguments[k][1:]


def model_text(case):
    """The program of a case. Metrics and training cases have a train block."""
    if isinstance(case, kinds.InitializerCase):
        shape, fans = ", ".join(map(str, case.shape)), ", ".join(map(str, case.fans))
        return (f"layer Probe(init: Initializer)(x: T[n]) -> T[n] {{\n  param weight: T[{shape}] = init fan ({fans})\n"
                f"  return x + sum(weight)\n}}\nmodel M(x: f64[2]) -> f64[2] {{ return x |> Probe({case.initializer}) }}\n")

    def type(input, batch=False):
        extents = [str(e) for e in input.shape]
        if batch:
            extents[0] = "batch"
        return f"{input.type}[{', '.join(extents)}]" if extents else input.type

    trained = isinstance(case, kinds.MetricCase) or case.training
    inputs = ", ".join(f"{name}: {type(i, trained)}" for name, i in case.inputs.items())
    if not trained:
        return f"{case.declarations}\nmodel M({inputs}) {{ return {case.body} }}\n"
    batch = next(iter(case.inputs.values())).shape[0]
    if isinstance(case, kinds.MetricCase):
        output, target = case.inputs
        return (f"{case.declarations}\nmodel M({output}: {type(case.inputs[output], True)}) {{ @allow(unused-parameter) param anchor: f64[1] = zeros; return {output} }}\n"
                f"train M {{\n data = npz(\"a.npz\", {inputs})\n batch = {batch}\n loss = mean(output)\n metrics = [{case.metric}]\n"
                f" optimizer = SGD\n}}\n")
    # d loss / d cotangent is the output of the model in training
    return (f"{case.declarations}\nmodel M({inputs}) {{ @allow(unused-parameter) param anchor: f64[1] = zeros; return {case.body} }}\n"
            f"train M {{\n data = npz(\"a.npz\", {inputs}, cotangent: {cotangent_type(case)})\n target = cotangent\n batch = {batch}\n"
            f" loss = sum(output * cotangent)\n optimizer = SGD\n}}\n")


def cotangent_type(case):
    return f"f64[{', '.join(['batch', *map(str, next(iter(case.inputs.values())).shape[1:])])}]"


def compile_case(nnc, stdlib, folder, name, case):
    path = folder / f"{name}.nn"
    path.write_text(model_text(case))
    out = subprocess.run([nnc, "--emit=nn", f"--stdlib={stdlib}", path], capture_output=True, text=True)
    if out.returncode or out.stderr:
        return f"{name} does not compile, or not without a message:\n{path.read_text()}{out.stderr}"
    text = re.sub(r"@(\w+)", rf"@{name}.\1", out.stdout)
    return ["func.func" + part for part in text.split("\n}\n")[0].split("  func.func")[1:]]


def join(name, case, parts):
    """The functions of a case that nn-run is to see."""
    functions = {re.search(r"@([\w.]+)", part)[1].removeprefix(name + "."): part for part in parts}
    private = [part for part in parts if "func.func private" in part and f"@{name}.loss(" not in part]
    if isinstance(case, kinds.InitializerCase):
        return [functions["init"].replace(f"@{name}.init", f"@{name}")]
    if isinstance(case, kinds.MetricCase):
        return private + [functions[k].replace("func.func", "func.func private", 1) for k in ("evaluate", "result")] + \
            [metric_function(name, case, Function(functions["evaluate"]), Function(functions["result"]))]
    entry = Function(functions["loss" if case.training else "predict"])
    return private + value_functions(name, case, entry)


def signature(name, arguments, types, attributes, results, lines, returned, extra=""):
    inputs = ", ".join(f"{a}: {t}" + (f" {{{x}}}" if x else "") for a, t, x in zip(arguments, types, attributes))
    body = "".join(f"  {line.strip()}\n" for line in lines)
    return f"func.func @{name}({inputs}) -> ({', '.join(results)}){extra} {{\n{body}  return {', '.join(returned)} : {', '.join(results)}\n}}\n"


def ranges(case, entry):
    """What each argument holds, and which are numbers to derive by."""
    attributes, wrt = [], []
    for k, (name, type) in enumerate(zip(entry.arguments, entry.types)):
        given = case.inputs.get(entry.argument_name(k))
        if given:
            text = f"nn.range = array<f64: {float(given.low)}, {float(given.high)}>"
        elif name == "%cotangent":
            text = "nn.range = array<f64: -1.0, 1.5>"
        elif name in ("%seed", "%step"):
            text = f'nn.role = "{name[1:]}"'
        else:
            text = "nn.range = array<f64: -0.7, 0.9>" if entry.role(k) != "state" else "nn.range = array<f64: 0.2, 1.4>"
        attributes.append(f'{text}, nn.name = "{entry.argument_name(k)}"')
        if re.search(r"f64>$", type) and (given is None or given.type == "f64"):
            wrt.append(k)
    return attributes, wrt


def weighted_sum(value, type, tag):
    """Lines that make %sTAG = sum(value * cos(1 + i)), i counting elements."""
    shape = [int(e) for e in re.findall(r"(\d+)x", type)]
    count = 1
    for extent in shape:
        count *= extent
    flat = f"tensor<{count}xf64>"
    axes = ", ".join(map(str, range(len(shape))))
    return [f"%{tag}i = nn.iota {{axis = 0 : i64}} : {flat}", f"%{tag}p = nn.constant dense<1.0> : {flat}",
            f"%{tag}q = nn.add %{tag}i, %{tag}p : {flat}, {flat} -> {flat}", f"%{tag}c = nn.cos %{tag}q : {flat} -> {flat}",
            f"%{tag}w = nn.reshape %{tag}c : {flat} -> {type}", f"%{tag}m = nn.mul {value}, %{tag}w : {type}, {type} -> {type}",
            f"%{tag}s = nn.reduce_sum %{tag}m {{axes = array<i64{': ' + axes if axes else ''}>}} : {type} -> tensor<f64>"]


def value_functions(name, case, entry):
    """@name returns a number to derive and the outputs, @name.gradient its derivatives by all f64 arguments; @name.slope a sum of
    these, for second derivatives."""
    attributes, wrt = ranges(case, entry)
    lines, total, results, types = list(entry.lines), None, list(entry.results), list(entry.result_types)
    if case.training:  # the loss as it was before its cast to f32
        for line in entry.lines:
            match = re.match(rf"\s*{re.escape(results[0])} = nn\.cast (%[\w.]+) : tensor<f64>", line)
            total = match[1] if match else total
        results[0], types[0] = total, "tensor<f64>"
    else:
        for k, (result, type) in enumerate(zip(entry.results, entry.result_types)):
            if not type.endswith("f64>"):
                continue
            lines += weighted_sum(result, type, f"zz{k}")
            if total:
                lines.append(f"%zt{k} = nn.add {total}, %zz{k}s : tensor<f64>, tensor<f64> -> tensor<f64>")
            total = f"%zt{k}" if total else f"%zz{k}s"
        results, types = [total, *results], ["tensor<f64>", *types]
    made = [signature(name, entry.arguments, entry.types, attributes, types, lines, results)]
    if not case.gradients or not wrt:
        return made
    gradients = [entry.types[k] for k in wrt]
    call, derived = derivative(name, entry, types, wrt)
    made.append(gradient_function(name, entry, attributes, types, wrt))
    if case.second:
        sums = [line for i, (value, type) in enumerate(zip(derived, gradients)) for line in weighted_sum(value, type, f"zz{i}")]
        sums += [f"%zt{i} = nn.add %{'zt' if i > 1 else 'zz'}{i - 1}{'' if i > 1 else 's'}, %zz{i}s : tensor<f64>, tensor<f64> -> tensor<f64>"
                 for i in range(1, len(wrt))]
        slope = f"%zt{len(wrt) - 1}" if len(wrt) > 1 else "%zz0s"
        made.append(signature(f"{name}.slope", entry.arguments, entry.types, attributes, ["tensor<f64>"], [call, *sums], [slope]))
        made.append(gradient_function(f"{name}.slope", entry, attributes, ["tensor<f64>"], wrt))
    return made


def derivative(name, entry, types, wrt):
    """The line that takes the derivatives of @name by arguments, and its values."""
    gradients = [entry.types[k] for k in wrt]
    call = (f"%r:{len(types) + len(wrt)} = nn.value_and_grad @{name}({', '.join(entry.arguments)}) "
            f"{{wrt = array<i64: {', '.join(map(str, wrt))}>}} : ({', '.join(entry.types)}) -> ({', '.join(types + gradients)})")
    return call, [f"%r#{len(types) + i}" for i in range(len(wrt))]


def gradient_function(name, entry, attributes, types, wrt):
    call, derived = derivative(name, entry, types, wrt)
    return signature(f"{name}.gradient", entry.arguments, entry.types, attributes, [entry.types[k] for k in wrt], [call], derived,
                     f" attributes {{nn.wrt = array<i64: {', '.join(map(str, wrt))}>}}")


def metric_function(name, case, evaluate, result):
    """Tallies from zero over a full batch and one of which two rows count, and the result."""
    data = [k for k in range(len(evaluate.arguments)) if evaluate.role(k) == "record"]
    tallies = [k for k in range(len(evaluate.arguments)) if evaluate.role(k) == "tally"]
    attributes, _ = ranges(case, evaluate)
    arguments = [f"%{batch}{k}" for batch in "ab" for k in data]
    lines = [f"%zero{k} = nn.constant dense<0.0> : {evaluate.types[k]}" for k in tallies]
    batch = next(iter(case.inputs.values())).shape[0]
    values = [f"%zero{k}" for k in tallies]
    for letter, rows in (("a", batch), ("b", 2)):
        lines.append(f"%valid{letter} = nn.constant dense<{rows}> : tensor<i32>")
        operands = [f"%{letter}{k}" for k in data] + [f"%valid{letter}"] + values
        types = [evaluate.types[k] for k in data] + ["tensor<i32>"] + [evaluate.types[k] for k in tallies]
        made = [evaluate.types[k] for k in tallies]
        lines.append(f"%t{letter}:{len(made)} = nn.call @{name}.evaluate({', '.join(operands)}) : ({', '.join(types)}) -> ({', '.join(made)})")
        values = [f"%t{letter}#{i}" for i in range(len(made))]
    made = ", ".join(result.result_types)
    by_name = dict(zip((evaluate.argument_name(k) for k in tallies), values))
    read = [by_name[result.argument_name(k)] for k in range(len(result.arguments))]
    lines.append(f"%r:{len(result.result_types)} = nn.call @{name}.result({', '.join(read)}) : ({', '.join(result.types)}) -> ({made})")
    return signature(name, arguments, [evaluate.types[k] for k in data] * 2, [attributes[k] for k in data] * 2,
                     [result.result_types[1]], lines, ["%r#1"])
