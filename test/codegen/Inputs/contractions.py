"""Prints kernels around one contraction or convolution: every op of the family, batch innermost and row-major, extents that
are 1, prime, no multiple of a vector, larger than a tile; padding, strides, dilation, groups; with and without epilogue."""


def tensor(shape, element="f32", order=None):
    text = "x".join([str(n) for n in shape] + [element])
    return f"tensor<{text}, #nn.layout<{order}>>" if order else f"tensor<{text}>"


def kernel(name, arguments, result, op, epilogue=""):
    """`epilogue` computes %z, or %z and %u, from %y."""
    many = "%u" in epilogue
    results = f"({result}, {result})" if many else result
    print(f"nn.kernel @{name}({', '.join(arguments)}) -> {results} tasks 1 {{\n  %y = {op}")
    for line in epilogue.splitlines():
        print("  " + line.strip())
    values = "%z, %u" if many else "%z" if epilogue else "%y"
    print(f"  nn.yield {values} : {result}{', ' + result if many else ''}\n}}")


def bias_tanh(shape, element, order, axis):
    t, v = tensor(shape, element, order), tensor([shape[axis]], element)
    return [f"%bias: {v}"], f"""%t = nn.broadcast %bias {{dims = array<i64: {axis}>}} : {v} -> {t}
        %s = nn.add %y, %t : {t}, {t} -> {t}
        %z = nn.tanh %s : {t} -> {t}"""


def momentum(shape, element, order=None):
    t = tensor(shape, element, order)
    return [f"%w0: {t}", f"%v0: {t}"], f"""%c = nn.constant dense<0.5> : {t}
        %m = nn.mul %v0, %c : {t}, {t} -> {t}
        %u = nn.add %m, %y : {t}, {t} -> {t}
        %z = nn.sub %w0, %u : {t}, {t} -> {t}"""


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def convolutions(name, n, c, size, o, k, low, high, stride=1, dilation=1, groups=1, element="f32", rows=False):
    """The three ops of a convolution, the batch innermost and, with `rows`, row-major too. A number stands for both spatial
    dimensions."""
    size, k, low, high, stride, dilation = map(pair, (size, k, low, high, stride, dilation))
    out = [(size[i] + low[i] + high[i] - dilation[i] * (k[i] - 1) - 1) // stride[i] + 1 for i in range(2)]
    lists = {"strides": stride, "low": low, "high": high, "dilation": dilation}
    attributes = "".join(f"{key} = array<i64: {v[0]}, {v[1]}>, " for key, v in lists.items())
    attributes = f"{{{attributes}groups = {groups} : i64}}"
    x_shape, w_shape, y_shape = [n, c, *size], [o, c // groups, *k], [n, o, *out]
    for layout, order in ("batch", [1, 2, 3, 0]), ("rows", None):
        if layout == "rows" and not rows:
            continue
        x, y, w = tensor(x_shape, element, order), tensor(y_shape, element, order), tensor(w_shape, element)
        extra, epilogue = bias_tanh(y_shape, element, order, 1)
        kernel(f"{name}_{layout}_forward", [f"%x: {x}", f"%w: {w}"] + extra, y,
               f"nn.conv %x, %w {attributes} : {x}, {w} -> {y}", epilogue)
        kernel(f"{name}_{layout}_input", [f"%d: {y}", f"%w: {w}"], x,
               f"nn.conv_input_grad %d, %w {attributes} : {y}, {w} -> {x}")
        extra, epilogue = momentum(w_shape, element)
        kernel(f"{name}_{layout}_weight", [f"%x: {x}", f"%d: {y}"] + extra, w,
               f"nn.conv_weight_grad %x, %d {attributes} : {x}, {y} -> {w}", epilogue)


def product(name, lhs, rhs, out, extents, element="f32", orders=(None, None, None), epilogue=None):
    shapes = [[extents[label] for label in labels] for labels in (lhs, rhs, out)]
    a, b, y = (tensor(shape, element, order) for shape, order in zip(shapes, orders))
    lists = [", ".join(str("bmnkc".index(label)) for label in labels) for labels in (lhs, rhs, out)]
    extra, body = epilogue(shapes[2], element, orders[2]) if epilogue else ([], "")
    labels = ", ".join(f"{side} = array<i64: {text}>" for side, text in zip(("lhs", "rhs", "out"), lists))
    kernel(name, [f"%a: {a}", f"%b: {b}"] + extra, y, f"nn.contract %a, %b {{{labels}}} : {a}, {b} -> {y}", body)


convolutions("lenet_1", 64, 1, 10, 6, 5, 2, 2)
convolutions("lenet_2", 64, 6, 8, 16, 5, 0, 0)
convolutions("tail", 19, 3, 7, 5, 3, 1, 1, rows=True)
convolutions("one", 1, 1, 5, 1, 3, 1, 1, rows=True)
convolutions("pointwise", 16, 7, 5, 9, 1, 0, 0)
convolutions("uneven", 33, 2, 9, 4, 4, 1, 2)
convolutions("strided", 17, 3, 11, 7, 3, 1, 1, stride=2, rows=True)
convolutions("strides_apart", 16, 2, 9, 3, 2, 0, 0, stride=3)
convolutions("dilated", 18, 2, 13, 5, 3, 2, 2, dilation=2)
convolutions("strided_dilated", 16, 2, 15, 3, 3, 2, 1, stride=2, dilation=2)
convolutions("grouped", 20, 6, 6, 4, 3, 1, 1, groups=2)
convolutions("depthwise", 32, 5, 6, 5, 3, 1, 1, groups=5)
convolutions("padded_rows", 3, 4, (5, 9), 6, (1, 3), (1, 0), 0, stride=(3, 2), rows=True)
convolutions("padded_columns", 5, 2, (6, 7), 3, (3, 1), (0, 2), (0, 1), rows=True)
convolutions("sides_apart", 4, 3, (9, 5), 2, (2, 3), (2, 1), (0, 1), stride=(2, 1), dilation=(3, 1), rows=True)
convolutions("double", 11, 2, 6, 3, 3, 1, 1, element="f64")

sizes = {"one": (1, 1, 1), "odd": (13, 31, 17), "panels": (129, 300, 70), "page": (70, 33, 1024)}
for size, (m, n, k) in sizes.items():
    extents = {"b": 3, "m": m, "n": n, "k": k}
    for lhs in "mk", "km":
        for rhs in "kn", "nk":
            for out in "mn", "nm":
                product(f"{size}_{lhs}_{rhs}_{out}", lhs, rhs, out, extents)
    product(f"{size}_update", "km", "kn", "mn", extents, epilogue=momentum)
    product(f"{size}_bias", "mk", "nk", "mn", extents, epilogue=lambda *t: bias_tanh(*t, 1))
    product(f"{size}_innermost", "mk", "nk", "mn", extents, orders=([1, 0], None, [1, 0]),
            epilogue=lambda *t: bias_tanh(*t, 1))
    product(f"{size}_double", "mk", "kn", "mn", extents, element="f64")
product("groups", "mk", "kn", "mn", {"m": 616, "n": 531, "k": 516}, epilogue=lambda *t: bias_tanh(*t, 1))
product("groups_apart", "bmk", "bkn", "bmn", {"b": 2, "m": 30, "n": 70, "k": 2050})
product("batched", "bmk", "bkn", "bmn", {"b": 3, "m": 21, "n": 35, "k": 18})
product("batch_summed", "bmk", "bmn", "kn", {"b": 3, "m": 21, "n": 35, "k": 18})
# Several free axes: those that are one in memory are joined, what is left over is looped over.
for size, (b, c, m, n, k) in {"short": (5, 3, 7, 40, 33), "deep": (3, 2, 5, 19, 801), "wide": (7, 2, 3, 530, 65)}.items():
    extents = {"b": b, "c": c, "m": m, "n": n, "k": k}
    product(f"free_{size}", "bmk", "nk", "bmn", extents, epilogue=lambda *t: bias_tanh(*t, 2))
    product(f"free_{size}_of_three", "bcmk", "kn", "bcmn", extents, epilogue=lambda *t: bias_tanh(*t, 1))
    product(f"free_{size}_bias_of_rows", "bcmk", "nk", "bcmn", extents, epilogue=lambda *t: bias_tanh(*t, 2))
    product(f"free_{size}_right", "nk", "bcmk", "bcmn", extents, epilogue=lambda *t: bias_tanh(*t, 0))
    product(f"free_{size}_apart", "bkm", "nk", "bmn", extents, epilogue=lambda *t: bias_tanh(*t, 0))
    product(f"free_{size}_exchanged", "bmk", "kn", "mbn", extents, epilogue=lambda *t: bias_tanh(*t, 1))
    product(f"free_{size}_split", "bmk", "kn", "bnm", extents, epilogue=lambda *t: bias_tanh(*t, 0))
    product(f"free_{size}_innermost", "bmk", "nk", "bmn", extents, orders=([1, 2, 0], None, [1, 2, 0]), epilogue=lambda *t: bias_tanh(*t, 2))
    product(f"free_{size}_gradient", "bcmk", "bcmn", "nk", extents, epilogue=momentum)
    product(f"free_{size}_double", "bcmk", "nk", "bcmn", extents, element="f64")
# Long sums are taken in blocks, sums over several dimensions are gathered in panels.
for size, (m, n, k) in {"deep": (70, 67, 1543), "deep_narrow": (49, 530, 2048), "deep_tile": (1, 2, 5000)}.items():
    extents = {"m": m, "n": n, "k": k}
    for lhs in "mk", "km":
        for rhs in "kn", "nk":
            product(f"{size}_{lhs}_{rhs}", lhs, rhs, "mn", extents)
    product(f"{size}_bias", "km", "kn", "nm", extents, epilogue=lambda *t: bias_tanh(*t, 0))
    product(f"{size}_update", "km", "kn", "mn", extents, epilogue=momentum)
    product(f"{size}_double", "km", "kn", "mn", extents, element="f64")
for size, (b, k, c) in {"whole": (5, 37, 1), "outer": (13, 130, 1), "inner": (2, 1201, 1), "three": (7, 17, 19)}.items():
    extents = {"b": b, "c": c, "k": k, "m": 51, "n": 75}
    product(f"gathered_{size}", "bckm", "kbcn", "mn", extents)
    product(f"gathered_{size}_across", "mbck", "nkcb", "mn", extents, epilogue=lambda *t: bias_tanh(*t, 1))
    product(f"gathered_{size}_update", "ckbm", "nbck", "nm", extents, epilogue=momentum)
    product(f"gathered_{size}_double", "bckm", "nckb", "mn", extents, element="f64")


def in_parts(name, rows, depth, parts, panels, width, element="f32"):
    """A cell: the product of a state with panels of `parts` parts, of which the epilogue needs all at a time."""
    size = panels * width
    x, w, y = tensor([rows, depth], element), tensor([panels, parts, depth, width], element), tensor([rows, parts, panels, width], element)
    whole, part = tensor([rows, parts * size], element), tensor([rows, size], element)
    lines = [f"%m = nn.reshape %y : {y} -> {whole}"]
    for p in range(parts):
        cut = f"{{offsets = array<i64: 0, {p * size}>, strides = array<i64: 1, 1>}} : {whole} -> {part}"
        lines += [f"%y{p} = nn.slice %m {cut}", f"%i{p} = nn.slice %inputs {cut}", f"%g{p} = nn.add %i{p}, %y{p} : {part}, {part} -> {part}"]
    lines += [f"%z = nn.mul %g0, %s : {part}, {part} -> {part}", f"%u{1} = nn.tanh %g1 : {part} -> {part}"]
    for p in range(2, parts):
        lines.append(f"%u{p} = nn.mul %u{p - 1}, %g{p} : {part}, {part} -> {part}")
    lines.append(f"%u = nn.sub %u{parts - 1}, %s : {part}, {part} -> {part}")
    product = f"nn.contract %x, %w {{lhs = array<i64: 0, 1>, rhs = array<i64: 2, 3, 1, 4>, out = array<i64: 0, 3, 2, 4>}} : {x}, {w} -> {y}"
    kernel(name, [f"%x: {x}", f"%w: {w}", f"%inputs: {whole}", f"%s: {part}"], part, product, "\n".join(lines))


for name, shape in {"lstm": (32, 24, 4, 2, 32), "gru": (13, 17, 3, 1, 16), "two": (1, 5, 2, 3, 16), "eight": (7, 1, 8, 2, 16), "narrow": (3, 9, 4, 2, 5)}.items():
    in_parts(f"parts_{name}", *shape)
in_parts("parts_double", 5, 11, 3, 2, 8, element="f64")
