# Functions that grow by random ops on values that they have: odd shapes, several element types, values with many readers.
# Numbers stay bounded, so that roundings do.

REALS = ["f32", "f32", "f32", "f64", "f16"]
EXTENTS = [1, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33]
SAFE = ["neg", "abs", "tanh", "sigmoid", "sin", "cos", "erf", "stop_gradient"]
LARGEST = 60000


def tensor(shape, element):
    return "tensor<" + "".join(f"{n}x" for n in shape) + element + ">"


def ints(values):
    return "array<i64: " + ", ".join(map(str, values)) + ">" if values else "array<i64>"


def size(shape):
    n = 1
    for extent in shape:
        n *= extent
    return n


class Value:
    def __init__(self, name, shape, element):
        self.name, self.shape, self.element = name, tuple(shape), element

    @property
    def type(self):
        return tensor(self.shape, self.element)

    @property
    def real(self):
        return self.element[0] == "f"


class Function:
    def __init__(self, rng, name, differentiable=False):
        self.rng, self.name, self.lines, self.values, self.count = rng, name, [], [], 0
        self.arguments, self.differentiable = [], differentiable
        self.real = "f64" if differentiable else rng.choice(REALS)
        self.nested, self.prefix = 0, ""  # loops around; of names

    # ---- values

    def argument(self, shape, element, attributes=""):
        value = Value(f"%{self.prefix}a{len(self.arguments)}", shape, element)
        self.arguments.append((value, attributes))
        self.values.append(value)
        return value

    def emit(self, text, shape, element):
        value = Value(f"%{self.prefix}v{self.count}", shape, element)
        self.count += 1
        self.lines.append(f"  {value.name} = {text} -> {value.type}")
        self.values.append(value)
        return value

    def op(self, mnemonic, operands, shape, element, attributes=""):
        names = ", ".join(v.name for v in operands)
        types = ", ".join(v.type for v in operands)
        return self.emit(f"nn.{mnemonic} {names}{' {' + attributes + '}' if attributes else ''} : {types}", shape, element)

    def constant(self, shape, element):
        value = Value(f"%{self.prefix}v{self.count}", shape, element)
        self.count += 1
        if size(shape) <= 40 and self.rng.random() < 0.5 and element in ("f32", "f64", "f16"):
            def nested(shape):
                if not shape:
                    return f"{self.rng.uniform(-1, 1):.3f}"
                return "[" + ", ".join(nested(shape[1:]) for _ in range(shape[0])) + "]"
            text = nested(shape)
        else:
            text = {"i1": "true", "f": f"{self.rng.uniform(-1, 1):.3f}"}.get("f" if element[0] == "f" else element, "3")
        self.lines.append(f"  {value.name} = nn.constant dense<{text}> : {value.type}")
        self.values.append(value)
        return value

    def pick(self, condition=lambda v: True):
        # Recent values more often: chains grow.
        fitting = [v for v in self.values if condition(v)]
        if not fitting:
            return None
        return fitting[-1 - min(int(self.rng.expovariate(0.4)), len(fitting) - 1)]

    def shaped(self, shape, element):
        """A value of this type: one that is there, a broadcast of a smaller one, or a constant."""
        shape = tuple(shape)
        there = [v for v in self.values if v.shape == shape and v.element == element]
        if there and self.rng.random() < 0.6:
            return self.rng.choice(there)
        smaller = []
        for v in self.values:
            if v.element == element and len(v.shape) < len(shape):
                dims, at = [], 0
                for extent in v.shape:
                    while at < len(shape) and shape[at] != extent:
                        at += 1
                    dims.append(at)
                    at += 1
                if at <= len(shape) and all(d < len(shape) for d in dims):
                    smaller.append((v, dims))
        if smaller and self.rng.random() < 0.7:
            v, dims = self.rng.choice(smaller)
            return self.op("broadcast", [v], shape, element, f"dims = {ints(dims)}")
        if there:
            return self.rng.choice(there)
        return self.constant(shape, element)

    def bounded(self, v):
        return self.op("tanh", [v], v.shape, v.element) if v.real else v

    # ---- steps

    def unary(self):
        v = self.pick(lambda v: v.real)
        kinds = SAFE if not self.differentiable else SAFE[:-1]
        return v and self.op(self.rng.choice(kinds), [v], v.shape, v.element)

    def exponential(self):
        v = self.pick(lambda v: v.real)
        return v and self.op(self.rng.choice(["exp", "expm1", "cos"]), [self.bounded(v)], v.shape, v.element)

    def positive(self):
        v = self.pick(lambda v: v.real)
        if v:
            p = self.op("exp", [self.bounded(v)], v.shape, v.element)
            return self.op(self.rng.choice(["log", "log1p", "sqrt", "rsqrt"]), [p], v.shape, v.element)

    def binary(self):
        v = self.pick(lambda v: v.element != "i1" and v.element != "ui8")
        if v:
            other = self.shaped(v.shape, v.element)
            pair = [v, other] if self.rng.random() < 0.5 else [other, v]
            y = self.op(self.rng.choice(["add", "sub", "mul", "max", "min"]), pair, v.shape, v.element)
            return self.bounded(y) if self.rng.random() < 0.5 else y

    def quotient(self):
        v = self.pick(lambda v: v.real)
        if v:
            other = self.shaped(v.shape, v.element)
            return self.op("div", [v, self.op("exp", [self.bounded(other)], v.shape, v.element)], v.shape, v.element)

    def choice(self):
        v = self.pick(lambda v: v.element not in ("i1",))
        if v:
            a, b = self.shaped(v.shape, v.element), self.shaped(v.shape, v.element)
            if v.real and a is not v:  # which of tanh x and a small x is larger is a matter of one rounding
                a = self.op("mul", [a, self.constant(v.shape, v.element)], v.shape, v.element)
                a = self.op("add", [a, self.constant(v.shape, v.element)], v.shape, v.element)
            predicate = self.rng.choice(["eq", "ne", "lt", "le", "gt", "ge"])
            c = self.emit(f"nn.compare {predicate}, {v.name}, {a.name} : {v.type}, {v.type}", v.shape, "i1")
            return self.op("select", [c, v, b], v.shape, v.element)

    def logic(self):
        v = self.pick(lambda v: v.element == "i1")
        return v and self.op(self.rng.choice(["and", "or"]), [v, self.shaped(v.shape, "i1")], v.shape, "i1")

    def cast(self):
        v = self.pick()
        to = self.rng.choice([self.real, self.real, "f32", "i32", "i64", "i1", "f64"])
        return v and self.op("cast", [v], v.shape, to)

    def reshape(self):
        v = self.pick(lambda v: size(v.shape) > 1)
        if not v:
            return None
        shape, rest = [], size(v.shape)
        while rest > 1 and len(shape) < 4:
            divisors = [d for d in range(2, min(rest, 64) + 1) if rest % d == 0] or [rest]
            d = self.rng.choice(divisors) if len(shape) < 3 else rest
            shape.append(d)
            rest //= d
        if rest > 1:
            shape.append(rest)
        if self.rng.random() < 0.3:
            shape.insert(self.rng.randrange(len(shape) + 1), 1)
        return self.op("reshape", [v], shape, v.element)

    def transpose(self):
        v = self.pick(lambda v: len(v.shape) > 1)
        if v:
            p = list(range(len(v.shape)))
            self.rng.shuffle(p)
            return self.op("transpose", [v], [v.shape[d] for d in p], v.element, f"permutation = {ints(p)}")

    def broadcast(self):
        v = self.pick(lambda v: len(v.shape) < 4)
        if v:
            shape, dims = [], []
            for extent in v.shape:
                while self.rng.random() < 0.3:
                    shape.append(self.rng.choice(EXTENTS))
                dims.append(len(shape))
                shape.append(extent)
            while self.rng.random() < 0.4 or len(shape) == len(v.shape):
                shape.append(self.rng.choice(EXTENTS))
            if size(shape) <= LARGEST and len(shape) <= 5:
                return self.op("broadcast", [v], shape, v.element, f"dims = {ints(dims)}")

    def slice(self):
        v = self.pick(lambda v: len(v.shape) > 0)
        if v:
            offsets, strides, shape = [], [], []
            for extent in v.shape:
                stride = self.rng.choice([1, 1, 1, 2, 3])
                offset = self.rng.randrange(extent) if self.rng.random() < 0.5 else 0
                shape.append(self.rng.randint(1, (extent - offset - 1) // stride + 1) if self.rng.random() < 0.5
                             else (extent - offset - 1) // stride + 1)
                offsets.append(offset)
                strides.append(stride)
            return self.op("slice", [v], shape, v.element, f"offsets = {ints(offsets)}, strides = {ints(strides)}")

    def pad(self):
        v = self.pick(lambda v: len(v.shape) > 0)
        if v:
            low, high, inner = ([self.rng.choice([0, 0, 0, 1, 2]) for _ in v.shape] for _ in range(3))
            shape = [l + (n - 1) * (i + 1) + 1 + h for n, l, h, i in zip(v.shape, low, high, inner)]
            if size(shape) <= LARGEST:
                return self.op("pad", [v], shape, v.element, f"low = {ints(low)}, high = {ints(high)}, interior = {ints(inner)}")

    def concat(self):
        v = self.pick(lambda v: len(v.shape) > 0)
        if v:
            axis = self.rng.randrange(len(v.shape))
            fits = [o for o in self.values if o.element == v.element and len(o.shape) == len(v.shape) and
                    all(a == b for d, (a, b) in enumerate(zip(o.shape, v.shape)) if d != axis)]
            parts = [v] + [self.rng.choice(fits) for _ in range(self.rng.randint(1, 2))]
            shape = list(v.shape)
            shape[axis] = sum(p.shape[axis] for p in parts)
            if size(shape) <= LARGEST:
                return self.op("concat", parts, shape, v.element, f"axis = {axis} : i64")

    def reduce(self):
        v = self.pick(lambda v: len(v.shape) > 0 and v.element not in ("i1", "ui8"))
        if v:
            axes = sorted(self.rng.sample(range(len(v.shape)), self.rng.randint(1, len(v.shape))))
            shape = [n for d, n in enumerate(v.shape) if d not in axes]
            kind = self.rng.choice(["reduce_sum", "reduce_sum", "reduce_max", "reduce_min"])
            y = self.op(kind, [v], shape, v.element, f"axes = {ints(axes)}")
            return self.bounded(y) if self.rng.random() < 0.5 else y

    def softmax(self):
        v = self.pick(lambda v: v.real and len(v.shape) > 0)
        if v:
            axis = self.rng.randrange(len(v.shape))
            kept = [d for d in range(len(v.shape)) if d != axis]
            shape = [v.shape[d] for d in kept]
            m = self.op("reduce_max", [v], shape, v.element, f"axes = {ints([axis])}")
            m = self.op("broadcast", [m], v.shape, v.element, f"dims = {ints(kept)}")
            e = self.op("exp", [self.op("sub", [v, m], v.shape, v.element)], v.shape, v.element)
            s = self.op("reduce_sum", [e], shape, v.element, f"axes = {ints([axis])}")
            s = self.op("broadcast", [s], v.shape, v.element, f"dims = {ints(kept)}")
            return self.op("div", [e, s], v.shape, v.element)

    def argmax(self):
        v = self.pick(lambda v: len(v.shape) > 0 and v.element not in ("i1", "ui8"))
        if v:
            axis = self.rng.randrange(len(v.shape))
            return self.op("argmax", [v], [n for d, n in enumerate(v.shape) if d != axis], "i32", f"axis = {axis} : i64")

    def contract(self):
        a = self.pick(lambda v: v.real and 0 < len(v.shape) <= 3)
        if not a:
            return None
        b = self.pick(lambda v: v.element == a.element and 0 < len(v.shape) <= 3)
        lhs, rhs, free = list(range(len(a.shape))), [], len(a.shape)
        used = set()
        for extent in b.shape:
            same = [l for l in lhs if a.shape[l] == extent and l not in used]
            if same and self.rng.random() < 0.8:
                rhs.append(self.rng.choice(same))
                used.add(rhs[-1])
            else:
                rhs.append(free)
                free += 1
        out = [l for l in lhs if l not in used] + [l for l in rhs if l >= len(lhs)]
        out += [l for l in sorted(used) if self.rng.random() < 0.3]
        self.rng.shuffle(out)
        extents = dict(zip(lhs, a.shape)) | dict(zip(rhs, b.shape))
        shape = [extents[l] for l in out]
        if size(shape) > LARGEST:
            return None
        y = self.op("contract", [a, b], shape, a.element, f"lhs = {ints(lhs)}, rhs = {ints(rhs)}, out = {ints(out)}")
        return self.bounded(y)

    def convolution(self):
        rng, spatial, n, groups = self.rng, self.rng.choice([1, 2, 2]), self.rng.choice([1, 2, 3, 16, 17, 33]), self.rng.choice([1, 1, 1, 2, 3])
        channels, filters = groups * rng.choice([1, 2, 3, 5]), groups * rng.choice([1, 2, 3, 7])
        kernel = [rng.choice([1, 2, 3, 5]) for _ in range(spatial)]
        strides, dilation = ([rng.choice([1, 1, 1, 2, 3]) for _ in range(spatial)] for _ in range(2))
        low, high = ([rng.choice([0, 0, 1, 2, 3]) for _ in range(spatial)] for _ in range(2))
        extent = [rng.choice([3, 4, 5, 7, 8, 9, 12]) for _ in range(spatial)]
        out = [(x + l + h - d * (k - 1) - 1) // s + 1 if x + l + h >= d * (k - 1) + 1 else 0
               for x, l, h, d, k, s in zip(extent, low, high, dilation, kernel, strides)]
        if min(out) < 1:
            return None
        x, w, y = (n, channels, *extent), (filters, channels // groups, *kernel), (n, filters, *out)
        attributes = (f"strides = {ints(strides)}, low = {ints(low)}, high = {ints(high)}, dilation = {ints(dilation)}, "
                      f"groups = {groups} : i64")
        kind = rng.choice(["conv", "conv", "conv_input_grad", "conv_weight_grad"])
        if kind == "conv":
            r = self.op(kind, [self.input(x), self.input(w)], y, self.real, attributes)
        elif kind == "conv_input_grad":
            r = self.op(kind, [self.input(y), self.input(w)], x, self.real, attributes)
        else:
            r = self.op(kind, [self.input(x), self.input(y)], w, self.real, attributes)
        return self.bounded(r) if rng.random() < 0.7 else r

    def input(self, shape):
        """What a product reads: a value, mostly of an elementwise op on one, or an argument."""
        there = [v for v in self.values if v.shape == tuple(shape) and v.element == self.real]
        new = self.constant if self.nested else self.argument
        v = self.rng.choice(there) if there else new(shape, self.real)
        return self.op(self.rng.choice(["tanh", "neg"]), [v], v.shape, v.element) if self.rng.random() < 0.4 else v

    def window(self):
        rng, spatial = self.rng, self.rng.choice([1, 2])
        v = self.pick(lambda v: v.real and len(v.shape) >= spatial and min(v.shape[-spatial:]) > 1)
        if not v:
            return None
        window = [rng.choice([1, 2, 3]) for _ in range(spatial)]
        strides = [rng.choice([1, 2, 3]) for _ in range(spatial)]
        low, high = ([rng.randrange(w) for w in window] for _ in range(2))
        out = [(x + l + h - w) // s + 1 if x + l + h >= w else 0
               for x, l, h, w, s in zip(v.shape[-spatial:], low, high, window, strides)]
        if min(out) < 1:
            return None
        small = (*v.shape[:-spatial], *out)
        attributes = f"window = {ints(window)}, strides = {ints(strides)}, low = {ints(low)}, high = {ints(high)}"
        kind = rng.choice(["window_sum", "window_max", "window_max", "window_spread", "window_max_spread", "window_max_pick"])
        if kind in ("window_sum", "window_max"):
            return self.op(kind, [v], small, v.element, attributes)
        if kind == "window_spread":
            return self.op(kind, [self.shaped(small, v.element)], v.shape, v.element, attributes)
        if kind == "window_max_spread":
            return self.op(kind, [v, self.shaped(small, v.element)], v.shape, v.element, attributes)
        return self.op(kind, [v, self.shaped(v.shape, v.element)], small, v.element, attributes)

    def iota(self):
        v = self.pick(lambda v: len(v.shape) > 0)
        if v:
            value = Value(f"%{self.prefix}v{self.count}", v.shape, self.rng.choice(["i32", "i64", self.real]))
            self.count += 1
            self.lines.append(f"  {value.name} = nn.iota {{axis = {self.rng.randrange(len(v.shape))} : i64}} : {value.type}")
            if value.real:  # at most 1
                scale = self.constant((), value.element)
                scale = self.op("broadcast", [scale], value.shape, value.element, "dims = array<i64>")
                return self.op("sin", [self.op("mul", [value, scale], value.shape, value.element)], value.shape, value.element)
            self.values.append(value)
            return value

    def random(self):
        v = self.pick()
        seed, step = (Value(f"%{self.prefix}v{self.count + i}", (), "i64") for i in range(2))
        self.count += 2
        self.lines.append(f"  {seed.name} = nn.constant dense<12345678901> : tensor<i64>")
        self.lines.append(f"  {step.name} = nn.constant dense<7> : tensor<i64>")
        attributes = f"path = {self.rng.randrange(1 << 40)} : i64, draw = {self.rng.randrange(9)} : i64, application = 0 : i64"
        return self.op("random_uniform", [seed, step], v.shape, "f32", attributes)

    def scan(self):
        """A loop over random steps: what it carries stays bounded, what it goes through has the steps in front."""
        if self.nested >= 2:
            return None
        trips = self.rng.choice([1, 2, 3, 5, 8])
        small = lambda v: size(v.shape) <= 600 and (v.real or not self.differentiable)
        carried = [v for v in (self.pick(lambda v: v.real and small(v)) for _ in range(self.rng.randint(0, 2))) if v]
        sequences = [v for v in (self.pick(lambda v: v.shape[:1] == (trips,) and small(v)) for _ in range(2)) if v]
        shared = [v for v in (self.pick(small) for _ in range(self.rng.randint(1, 2))) if v]
        if not carried + sequences + shared:
            return None
        body = Function(self.rng, "", self.differentiable)
        body.real, body.nested, body.prefix = self.real, self.nested + 1, f"{self.prefix}s{self.count}_"
        step = Value(f"%{body.prefix}t", (), "i32")
        old = [body.argument(v.shape, v.element) for v in carried]
        for v in sequences:
            body.argument(v.shape[1:], v.element)
        for v in shared:
            body.argument(v.shape, v.element)
        if not self.differentiable and self.rng.random() < 0.3:
            body.values.append(step)
        body.steps(self.rng.randint(1, 5))
        following = [self.rng.choice([body.bounded(body.shaped(v.shape, v.element)), body.shaped(v.shape, v.element)])
                     for v in old]
        emitted = [v for v in body.outputs() if size(v.shape) * trips <= 4000][:3]
        if not emitted and not carried:
            return None
        types = [tensor((trips, *v.shape), v.element) for v in emitted] + [v.type for v in carried]
        lists = [f"{word}({', '.join(v.name for v in values)} : {', '.join(v.type for v in values)})"
                 for word, values in (("carry", carried), ("over", sequences), ("with", shared)) if values]
        reversed = ", reversed" if self.rng.random() < 0.5 else ""
        name = f"%{self.prefix}v{self.count}"
        self.count += 1
        arguments = ", ".join(f"{v.name}: {v.type}" for v in [step] + [v for v, _ in body.arguments])
        self.lines.append(f"  {name}:{len(types)} = nn.scan {' '.join(lists)} {{trips = {trips} : i64{reversed}}} -> ({', '.join(types)}) {{")
        self.lines += [f"  ^bb0({arguments}):", *("  " + line for line in body.lines)]
        yielded = emitted + following
        self.lines.append(f"    nn.emit {', '.join(v.name for v in yielded)} : {', '.join(v.type for v in yielded)}")
        self.lines.append("  }")
        shapes = [((trips, *v.shape), v.element) for v in emitted] + [(v.shape, v.element) for v in carried]
        results = [Value(f"{name}#{k}", shape, element) for k, (shape, element) in enumerate(shapes)]
        self.values += results
        return results[-1]

    # ---- functions

    def steps(self, count):
        kinds = [self.unary, self.exponential, self.positive, self.binary, self.binary, self.binary, self.quotient, self.choice,
                 self.reshape, self.transpose, self.broadcast, self.slice, self.pad, self.concat, self.reduce, self.reduce,
                 self.softmax, self.contract, self.contract, self.convolution, self.window, self.scan, self.scan]
        if not self.differentiable:
            kinds += [self.logic, self.cast, self.argmax, self.iota, self.random]
        while count:
            count -= self.rng.choice(kinds)() is not None

    def outputs(self, least=1):
        """The last value, others at random: also arguments, and one twice."""
        results = [self.values[-1]]
        while len(results) < least or self.rng.random() < 0.5:
            results.append(self.rng.choice(self.values))
        return results

    def render(self, results, attributes=None, private=False):
        arguments = ", ".join(f"{v.name}: {v.type}{a}" for v, a in self.arguments)
        types = ", ".join(f"{r.type}{a}" for r, a in zip(results, attributes or [""] * len(results)))
        return "\n".join([f"func.func {'private ' if private else ''}@{self.name}({arguments}) -> ({types}) {{", *self.lines,
                          f"  return {', '.join(r.name for r in results)} : {', '.join(r.type for r in results)}", "}"])
