# The built-in functions, from NumPy.
import math

import numpy as np

from case import Case, DrawCase, MetricCase, ids, real

erf = np.vectorize(math.erf)
ELEMENTWISE = [("abs", np.abs), ("exp", np.exp), ("expm1", np.expm1), ("tanh", np.tanh), ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
               ("sin", np.sin), ("cos", np.cos), ("erf", erf), ("floor", np.floor), ("ceil", np.ceil), ("round", np.round),
               ("sign", np.sign)]
POSITIVE = [("log", np.log), ("log1p", np.log1p), ("sqrt", np.sqrt), ("rsqrt", lambda x: 1 / np.sqrt(x))]


def scattered(d, index, extent):
    y = np.zeros((d.shape[0], extent, *d.shape[2:]))
    for k, place in enumerate(index):
        y[:, place] += d[:, k]
    return y


def windows(function, x, window, stride):
    """Over the last axis of x."""
    starts = range(0, x.shape[-1] - window + 1, stride)
    return np.stack([function(x[..., i:i + window], axis=-1) for i in starts], -1)


def convolved(x, w, stride, low, high, dilation):
    """x[n, c, length] with w[o, c, kernel]."""
    x = np.pad(x, ((0, 0), (0, 0), (low, high)))
    reach = (w.shape[2] - 1) * dilation + 1
    starts = range(0, x.shape[2] - reach + 1, stride)
    return np.stack([np.einsum("nck,ock->no", x[:, :, i:i + reach:dilation], w) for i in starts], -1)


def einsum(body, *shapes):
    """`contract` with a formula, against np.einsum."""
    names = "xyz"[:len(shapes)]
    return Case("contract", f'contract("{body}", {", ".join(names)})', {n: real(*s) for n, s in zip(names, shapes)},
                lambda *operands: np.einsum(body.replace(" ", ""), *operands), second=len(shapes) > 1)


def uniform(draw):
    return None if draw.min() >= 0 and draw.max() < 1 and abs(draw.mean() - 0.5) < 0.05 else f"draws {draw}"


BUILTINS = [
    *[Case(name, f"{name}(x)", {"x": real(*shape)}, f, second=True) for name, f in ELEMENTWISE for shape in ((3, 5), (2, 1, 7))],
    *[Case(name, f"{name}(x)", {"x": real(*shape, low=0.1)}, f, second=True) for name, f in POSITIVE for shape in ((3, 5), (2, 1, 7))],
    Case("expm1 log1p", "(expm1(x * 1e-9), log1p(x * 1e-9))", {"x": real(3, 5)}, lambda x: (np.expm1(x * 1e-9), np.log1p(x * 1e-9))),
    Case("max min", "(max(x, y), min(x, y))", {"x": real(3, 4), "y": real(3, 4, low=-1.5)}, lambda x, y: (np.maximum(x, y), np.minimum(x, y))),
    Case("max min", "(max(x, 0.3), min(x, y))", {"x": real(2, 3, 4), "y": real(4)}, lambda x, y: (np.maximum(x, 0.3), np.minimum(x, y))),
    Case("pow", "pow(x, y)", {"x": real(3, 4, low=0.2), "y": real(3, 4)}, np.power, second=True),
    Case("pow", "(pow(x, 3), pow(x, 0.5))", {"x": real(6, low=0.2)}, lambda x: (x**3, x**0.5)),
    Case("div mod cast", "(cast(div(x, y), f64), cast(mod(x, y), f64))", {"x": ids(4, 5, below=30, first=-30), "y": ids(4, 5, below=8, first=1)},
         lambda x, y: (x // y, x % y), gradients=False),
    Case("div mod", "(div(x, 0.75), mod(x, 0.75))", {"x": real(7)}, lambda x: (x // 0.75, x % 0.75)),
    Case("select", "select(x > y, x * y, y)", {"x": real(3, 4), "y": real(4)}, lambda x, y: np.where(x > y, x * y, y), second=True),
    Case("select", "select(x < 3, y, 1)", {"x": ids(2, 5, below=6), "y": real(2, 5)}, lambda x, y: np.where(x < 3, y, 1)),
    Case("cast", "cast(cast(x, i32), f64) + cast(x > 0, f64)", {"x": real(3, 5)}, lambda x: np.trunc(x) + (x > 0), gradients=False),
    Case("stop_gradient", "x + stop_gradient(floor(x))", {"x": real(3, 5)}, lambda x: x + np.floor(x)),
    *[Case("sum mean", f"(sum(x{axis}), mean(x{axis}))", {"x": real(*shape)}, lambda x, o=options: (np.sum(x, **o), np.mean(x, **o)))
      for shape, axis, options in (((3, 5), "", {}), ((2, 3, 5), ", axis: [0, 2]", {"axis": (0, 2)}),
                                   ((2, 3, 5), ", axis: -1, keep_axis: true", {"axis": -1, "keepdims": True}))],
    Case("mean", "mean(x, axis: 0, weights: y)", {"x": real(5, 3), "y": real(5, 3, low=0.1)}, lambda x, y: np.sum(x * y, 0) / np.sum(y, 0)),
    *[Case("reduce_max reduce_min", f"(reduce_max(x{axis}), reduce_min(x{axis}))", {"x": real(*shape)},
           lambda x, o=options: (np.max(x, **o), np.min(x, **o)))
      for shape, axis, options in (((7,), "", {}), ((2, 3, 5), ", axis: 1", {"axis": 1}))],
    Case("argmax", "cast(argmax(x, axis: -1), f64)", {"x": real(4, 6)}, lambda x: np.argmax(x, -1), gradients=False),
    Case("argmax", "cast(argmax(x, axis: 0), f64)", {"x": real(4, 2, 3)}, lambda x: np.argmax(x, 0), gradients=False),
    Case("count size rank len shape", "x * count(x) + size(x) + rank(x) + len(shape(x)) + shape(x)[1]", {"x": real(4, 6)},
         lambda x: x * 24 + 24 + 2 + 2 + 6),
    Case("reversed", "stack(reversed([x, 2 * x, x * x]), axis: 0)", {"x": real(4)}, lambda x: np.stack([x * x, 2 * x, x])),
    Case("reshape", "(reshape(x, [3, -1]), reshape(x, [2, 3, 2]))", {"x": real(4, 3)}, lambda x: (x.reshape(3, -1), x.reshape(2, 3, 2))),
    Case("transpose", "(transpose(x), transpose(x, [2, 0, 1]))", {"x": real(2, 3, 4)},
         lambda x: (np.swapaxes(x, -1, -2), np.transpose(x, (2, 0, 1))), second=True),
    Case("gather", "gather(x, y, axis: 1)", {"x": real(2, 5, 3), "y": ids(4, 2, below=5)}, lambda x, y: np.take(x, y, 1), second=True),
    Case("gather", "gather(x, y, axis: 0)", {"x": real(5), "y": ids(3, below=5)}, np.take),
    Case("scatter_sum", "scatter_sum(x, y, 6, axis: 1)", {"x": real(2, 4, 3), "y": ids(4, below=6)}, lambda x, y: scattered(x, y, 6), second=True),
    Case("scatter_sum", "scatter_sum(x, y, 3, axis: 1)", {"x": real(1, 7), "y": ids(7, below=3)}, lambda x, y: scattered(x, y, 3)),
    Case("concat", "concat(x, y, x, axis: -1)", {"x": real(2, 3), "y": real(2, 1)}, lambda x, y: np.concatenate([x, y, x], -1), second=True),
    Case("concat", "concat([x, y], axis: 0)", {"x": real(2, 3, 2), "y": real(4, 3, 2)}, lambda x, y: np.concatenate([x, y], 0)),
    Case("stack", "(stack(x, y, axis: 0), stack(x, y, x, axis: 1))", {"x": real(2, 3), "y": real(2, 3)},
         lambda x, y: (np.stack([x, y], 0), np.stack([x, y, x], 1)), second=True),
    Case("stack", "(stack([x, y], axis: -1), stack([x[0], y[1]], axis: 0))", {"x": real(5), "y": real(5)},
         lambda x, y: (np.stack([x, y], -1), np.array([x[0], y[1]]))),
    einsum("ij,jk->ik", (2, 3), (3, 4)), einsum("bij, bkj -> bki", (2, 3, 4), (2, 5, 4)), einsum("...i,oi->...o", (2, 3, 4), (5, 4)),
    einsum("b...,...->...b", (2, 3, 4), (3, 4)), einsum("i,j->ji", (3,), (4,)), einsum("ij,ij->ij", (3, 4), (3, 4)),
    einsum("ijk,jl,kl->il", (2, 3, 4), (3, 5), (4, 5)), einsum("ij,kl,jm->i", (2, 3), (4, 5), (3, 6)), einsum("ijk->ki", (2, 3, 4)),
    einsum("ii->i", (4, 4)), einsum("iij,ji->j", (3, 3, 2), (2, 3)), einsum("i,i->", (7,), (7,)), einsum("ab->ba", (1, 5)),
    MetricCase("contract", "products", {"y": real(4, 3), "t": real(4, 3)}, lambda y, t: np.sum(y * t) / len(y),
               declarations='fn products(y, t) { return contract("bi,bi->", y, t) / count(y[:, 0]) }'),
    MetricCase("contract", "products", {"y": real(4, 3), "t": real(4, 3)}, lambda y, t: np.sum(y * t) / len(y),
               declarations="fn products(y, t) { return sum((transpose(y) @ t) * tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1]], f64)) / count(y[:, 0]) }"),
    MetricCase("stack", "stacked", {"y": real(4, 3), "t": real(4, 3)}, lambda y, t: np.mean([y * y, t]),
               declarations="fn stacked(y, t) { return mean(stack(y * y, t, axis: 0)) }"),
    Case("split", "split(x, 2, axis: 1)", {"x": real(2, 6)}, lambda x: tuple(np.split(x, 2, 1))),
    Case("split", "split(x, 3, axis: 0)", {"x": real(3, 2, 2)}, lambda x: tuple(np.split(x, 3, 0))),
    Case("pad", "pad(x, [1, 0], [0, 2])", {"x": real(2, 3)}, lambda x: np.pad(x, ((1, 0), (0, 2))), second=True),
    Case("pad", "pad(x, [2], [1])", {"x": real(3)}, lambda x: np.pad(x, (2, 1))),
    Case("along", "x * along(y, axis: 1, like: x)", {"x": real(2, 3, 4), "y": real(3)}, lambda x, y: x * y[:, None]),
    Case("along", "x * along(y, axis: 0, like: x)", {"x": real(2, 3), "y": real(2)}, lambda x, y: x * y[:, None]),
    Case("zeros_like ones_like fill iota tensor", "x * ones_like(x) + zeros_like(x) + fill(0.5, 3, 4) + cast(iota(4), f64) + tensor([1, 2, 3, 4], f64)",
         {"x": real(3, 4)}, lambda x: x + 0.5 + np.arange(4) + np.arange(1, 5)),
    Case("fill", "fill(sum(x), 3, 2) * y", {"x": real(5), "y": real(3, 2)}, lambda x, y: x.sum() * y, second=True),
    Case("grad", "grad(cubes)(x)", {"x": real(5)}, lambda x: 3 * x * x, declarations="fn cubes(v) { return sum(v * v * v) }"),
    Case("convolve", "convolve(x, y, stride: [2], low: [1], high: [2], dilation: [2], groups: 1)", {"x": real(2, 3, 9), "y": real(4, 3, 2)},
         lambda x, y: convolved(x, y, 2, 1, 2, 2), second=True),
    Case("window_sum window_max", "(window_sum(x, [3], [2], [0], [0]), window_max(x, [3], [2], [0], [0]))", {"x": real(2, 9)},
         lambda x: (windows(np.sum, x, 3, 2), windows(np.max, x, 3, 2))),
    Case("window_sum window_max", "(window_sum(x, [2], [1], [0], [0]), window_max(x, [2], [1], [0], [0]))", {"x": real(2, 3, 5)},
         lambda x: (windows(np.sum, x, 2, 1), windows(np.max, x, 2, 1))),
    DrawCase("random_uniform", "x |> Draw", {"x": real(20, 30)}, lambda y, x: uniform(y - x),
             declarations="layer Draw(x: T[...]) -> T[...] { return x + cast(random_uniform(shape(x)), T) }"),
]
