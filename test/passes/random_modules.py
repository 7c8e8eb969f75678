# Prints a module of random functions: every op, odd shapes, several element types, values with many readers, batches, owned
# values that are read before and after they are replaced, gradients. usage: random_modules.py SEED FUNCTIONS
import random
import sys

from random_function import EXTENTS, LARGEST, Function, ints, size, tensor


def random_shape(rng, largest=LARGEST):
    while True:
        shape = [rng.choice(EXTENTS) for _ in range(rng.choice([0, 1, 2, 2, 3, 3, 4]))]
        if rng.random() < 0.1 and shape:
            shape[rng.randrange(len(shape))] = rng.choice([64, 100, 257, 1000])
        if size(shape) <= largest:
            return shape


def plain(rng, name):
    f = Function(rng, name)
    for _ in range(rng.randint(1, 3)):
        f.argument(random_shape(rng), rng.choice([f.real, f.real, f.real, "i32", "ui8", "i1"]))
    f.argument(random_shape(rng), f.real)
    f.steps(rng.randint(2, 14))
    return f.render(f.outputs())


def large(rng, name):
    """Sums that are cut into parts."""
    f = Function(rng, name)
    f.real = rng.choice(["f32", "f64"])
    f.argument([rng.choice([32, 33, 100]), rng.choice([1, 3, 7]), rng.choice([256, 1000, 768])], f.real)
    for _ in range(3):
        f.rng.choice([f.unary, f.binary, f.transpose])()
    v = f.values[-1]
    axes = sorted(rng.sample(range(len(v.shape)), rng.randint(2, len(v.shape))))
    f.op("reduce_sum", [v], [n for d, n in enumerate(v.shape) if d not in axes], v.element, f"axes = {ints(axes)}")
    f.steps(2)
    return f.render(f.outputs())


def batched(rng, name):
    """A small net: the batch lies innermost where it fills vectors."""
    f = Function(rng, name)
    f.real = rng.choice(["f32", "f32", "f64"])
    n = rng.choice([8, 16, 17, 32, 33, 40, 64])
    role = ' {nn.role = "input", nn.name = "%s"}'
    channels, extent = rng.choice([1, 2, 3]), rng.choice([4, 6, 7, 8])
    x = f.argument([n, channels, extent, extent + rng.choice([0, 1])], f.real, role % "x")
    if rng.random() < 0.3:
        f.argument([n], "i32", role % "labels")
    for layer in range(rng.randint(1, 2)):
        filters, kernel = rng.choice([2, 3, 5]), rng.choice([1, 2, 3])
        w = f.argument([filters, x.shape[1], kernel, kernel], f.real, role % f"w{layer}" if rng.random() < 0.2 else
                       f' {{nn.role = "hyper", nn.name = "w{layer}"}}')
        out = [e - kernel + 1 for e in x.shape[2:]]
        if min(out) < 1:
            break
        x = f.op("conv", [x, w], [n, filters, *out], f.real, f"strides = {ints([1, 1])}, low = {ints([0, 0])}, "
                 f"high = {ints([0, 0])}, dilation = {ints([1, 1])}, groups = 1 : i64")
        bias = f.argument([filters], f.real, f' {{nn.role = "hyper", nn.name = "b{layer}"}}')
        bias = f.op("broadcast", [bias], x.shape, f.real, "dims = array<i64: 1>")
        x = f.op("tanh", [f.op("add", [x, bias], x.shape, f.real)], x.shape, f.real)
    x = f.op("reshape", [x], [n, size(x.shape[1:])], f.real)
    w = f.argument([rng.choice([1, 3, 10, 17]), x.shape[1]], f.real, ' {nn.role = "hyper", nn.name = "dense"}')
    x = f.op("contract", [x, w], [n, w.shape[0]], f.real, f"lhs = {ints([0, 2])}, rhs = {ints([1, 2])}, out = {ints([0, 1])}")
    f.steps(rng.randint(1, 8))
    results = f.outputs() + [x]
    return f.render(results, [f' {{nn.role = "output", nn.name = "y{k}"}}' for k in range(len(results))])


def owning(rng, name, owned):
    """Owned values that are replaced: by what is computed from them, by each other, by one value twice, by a view."""
    f = Function(rng, name)
    f.real = "f32"
    mine = [(f.argument(shape, element, f' {{nn.role = "param", nn.name = "{key}"}}'), key) for key, shape, element in
            rng.sample(owned, rng.randint(1, 4))]
    f.argument(random_shape(rng, 2000), "f32", ' {nn.role = "input", nn.name = "x"}')
    f.steps(rng.randint(2, 10))
    results, attributes = [], []
    for old, key in mine:
        fits = [v for v in f.values if v.shape == old.shape and v.element == old.element and v is not old]
        r = rng.random()
        if fits and r < 0.4:
            new = rng.choice(fits)
        elif r < 0.8:
            new = f.op(rng.choice(["mul", "sub"]), [old, f.shaped(old.shape, old.element)], old.shape, old.element)
        elif r < 0.9 and len(old.shape) > 1:
            flat = f.op("reshape", [f.op("neg", [old], old.shape, old.element)], [size(old.shape)], old.element)
            new = f.op("reshape", [flat], old.shape, old.element)
        else:
            new = old
        results.append(new)
        attributes.append(f' {{nn.role = "param", nn.name = "{key}"}}')
    for k, v in enumerate(f.outputs()):
        results.append(v)
        attributes.append(f' {{nn.role = "output", nn.name = "y{k}"}}')
    return f.render(results, attributes)


def gradient(rng, name):
    """A random scalar and its gradients."""
    f = Function(rng, name + "_loss", differentiable=True)
    for _ in range(rng.randint(1, 3)):
        f.argument(random_shape(rng, 500), "f64")
    f.steps(rng.randint(2, 8))
    v = [v for v in f.values if v.real][-1]
    if v.shape:
        v = f.op("reduce_sum", [f.op("tanh", [v], v.shape, "f64")], [], "f64", f"axes = {ints(list(range(len(v.shape))))}")
    types = [a.type for a, _ in f.arguments]
    results = ["tensor<f64>"] + types
    names = ", ".join(f"%{i}" for i in range(len(results)))
    outer = [f"func.func @{name}({', '.join(f'%x{i}: {t}' for i, t in enumerate(types))}) -> ({', '.join(results)}) {{",
             f"  %r:{len(results)} = nn.value_and_grad @{name}_loss({', '.join(f'%x{i}' for i in range(len(types)))}) "
             f"{{wrt = {ints(list(range(len(types))))}}} : ({', '.join(types)}) -> ({', '.join(results)})",
             f"  return {', '.join(f'%r#{i}' for i in range(len(results)))} : {', '.join(results)}", "}"]
    return f.render([v], private=True) + "\n" + "\n".join(outer)


def main(seed, functions):
    rng = random.Random(seed)
    owned = [(f"w{i}", random_shape(rng, 3000), "f32") for i in range(3)]
    owned += [("u0", owned[0][1], "f32"), ("u1", owned[1][1], "f32")]
    list_of_owned = ", ".join(f'{{name = "{key}", role = "param", type = {tensor(shape, element)}}}' for key, shape, element in owned)
    print(f"module attributes {{nn.owned = [{list_of_owned}]}} {{")
    for i in range(functions):
        kind = rng.choice([plain, plain, plain, large, batched, batched, owning, owning, gradient])
        print(kind(rng, f"f{i}", owned) if kind is owning else kind(rng, f"f{i}"))
    print("}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
