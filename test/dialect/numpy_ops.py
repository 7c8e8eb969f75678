# Every op of the dialect in NumPy, written from docs/ops.md and independent of the compiler. A function takes the operands,
# then the attributes by name; `shape` is the result's where the op cannot infer it.
import itertools
import math

import numpy as np


def elementwise(function):
    return np.vectorize(function, otypes=[np.float64])


neg = np.negative
abs = np.abs
sign = np.sign
exp = np.exp
expm1 = np.expm1
log = np.log
log1p = np.log1p
sqrt = np.sqrt
sin = np.sin
cos = np.cos
tanh = np.tanh
floor = np.floor
ceil = np.ceil
round = np.round  # ties to even
erf = elementwise(math.erf)
add = np.add
sub = np.subtract
mul = np.multiply
pow = np.power
max = np.maximum
min = np.minimum
and_ = np.logical_and
or_ = np.logical_or


def div(a, b):
    if a.dtype.kind == "f":
        return np.divide(a, b)
    with np.errstate(over="ignore"):
        return np.where(b == 0, 0, np.floor_divide(a, np.where(b == 0, 1, b)))


def mod(a, b):
    return np.mod(a, b) if a.dtype.kind == "f" else np.where(b == 0, 0, np.mod(a, np.where(b == 0, 1, b)))


def rsqrt(x):
    return 1 / np.sqrt(x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def stop_gradient(x):
    return x


def compare(a, b, predicate):
    return {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
            "ge": np.greater_equal}[predicate](a, b)


def select(condition, a, b):
    return np.where(condition, a, b)


def cast(x, type):
    if x.dtype.kind == "f" and np.issubdtype(type, np.integer):
        x = np.clip(np.trunc(x), np.iinfo(type).min, np.iinfo(type).max)
    return x != 0 if type == np.bool_ else x.astype(type)


def constant(value):
    return value


def iota(axis, shape):
    return np.broadcast_to(np.arange(shape[axis]).reshape([-1 if d == axis else 1 for d in range(len(shape))]), shape)


def broadcast(x, dims, shape):
    extents = [1] * len(shape)
    for extent, d in zip(x.shape, dims):
        extents[d] = extent
    return np.broadcast_to(x.reshape(extents), shape)


def reshape(x, shape):
    return x.reshape(shape)


def transpose(x, permutation):
    return np.transpose(x, permutation)


def slice(x, offsets, strides, shape):
    return x[tuple(np.s_[o:o + s * (n - 1) + 1:s] for o, s, n in zip(offsets, strides, shape))]


def pad(x, low, high, interior):
    y = np.zeros([l + (n - 1) * (i + 1) + 1 + h for l, h, i, n in zip(low, high, interior, x.shape)], x.dtype)
    y[tuple(np.s_[l:l + (n - 1) * (i + 1) + 1:i + 1] for l, i, n in zip(low, interior, x.shape))] = x
    return y


def concat(*parts, axis):
    return np.concatenate(parts, axis)


def reduce_sum(x, axes):
    return x.sum(tuple(axes))


def reduce_max(x, axes):
    return x.max(tuple(axes))


def reduce_min(x, axes):
    return x.min(tuple(axes))


def argmax(x, axis):
    return x.argmax(axis)


def contract(a, b, lhs, rhs, out):
    return np.einsum(a, lhs, b, rhs, out)


def _convolution(x_shape, w_shape, y_shape, strides, low, dilation, groups):
    """Index triples (x, w, y) of every product that stays inside x."""
    filters = y_shape[1] // groups
    for n, o in itertools.product(range(y_shape[0]), range(y_shape[1])):
        for p in itertools.product(*map(range, y_shape[2:])):
            for c in range(w_shape[1]):
                for k in itertools.product(*map(range, w_shape[2:])):
                    q = tuple(s * i - l + t * j for s, i, l, t, j in zip(strides, p, low, dilation, k))
                    if all(0 <= i < extent for i, extent in zip(q, x_shape[2:])):
                        yield (n, o // filters * w_shape[1] + c) + q, (o, c) + k, (n, o) + p


def _out_shape(x, w, strides, low, high, dilation):
    return (x[0], w[0]) + tuple((n + l + h - t * (k - 1) - 1) // s + 1
                                for n, k, s, l, h, t in zip(x[2:], w[2:], strides, low, high, dilation))


def conv(x, w, strides, low, high, dilation, groups):
    y = np.zeros(_out_shape(x.shape, w.shape, strides, low, high, dilation))
    for i, j, k in _convolution(x.shape, w.shape, y.shape, strides, low, dilation, groups):
        y[k] += x[i] * w[j]
    return y


def conv_input_grad(dy, w, strides, low, high, dilation, groups, shape):
    dx = np.zeros(shape)
    for i, j, k in _convolution(shape, w.shape, dy.shape, strides, low, dilation, groups):
        dx[i] += dy[k] * w[j]
    return dx


def conv_weight_grad(x, dy, strides, low, high, dilation, groups, shape):
    dw = np.zeros(shape)
    for i, j, k in _convolution(x.shape, shape, dy.shape, strides, low, dilation, groups):
        dw[j] += x[i] * dy[k]
    return dw


def _windows(large, small, window, strides, low):
    """Pairs (p, the positions of window p inside the large tensor in row-major order)."""
    lead = len(large) - len(window)
    for p in itertools.product(*map(range, small)):
        inside = []
        for k in itertools.product(*map(range, window)):
            q = tuple(s * i - l + j for s, i, l, j in zip(strides, p[lead:], low, k))
            if all(0 <= i < extent for i, extent in zip(q, large[lead:])):
                inside.append(p[:lead] + q)
        yield p, inside


def _small(large, window, strides, low, high):
    lead = len(large) - len(window)
    return tuple(large[:lead]) + tuple((n + l + h - k) // s + 1
                                       for n, k, s, l, h in zip(large[lead:], window, strides, low, high))


def window_sum(x, window, strides, low, high):
    y = np.zeros(_small(x.shape, window, strides, low, high))
    for p, inside in _windows(x.shape, y.shape, window, strides, low):
        y[p] = sum(x[q] for q in inside)
    return y


def window_spread(dy, window, strides, low, high, shape):
    y = np.zeros(shape)
    for p, inside in _windows(shape, dy.shape, window, strides, low):
        for q in inside:
            y[q] += dy[p]
    return y


def _first_largest(x, inside):
    best = inside[0]
    for q in inside:
        if x[q] > x[best]:
            best = q
    return best


def window_max(x, window, strides, low, high):
    y = np.zeros(_small(x.shape, window, strides, low, high))
    for p, inside in _windows(x.shape, y.shape, window, strides, low):
        y[p] = x[_first_largest(x, inside)]
    return y


def window_max_spread(x, dy, window, strides, low, high):
    y = np.zeros(x.shape)
    for p, inside in _windows(x.shape, dy.shape, window, strides, low):
        y[_first_largest(x, inside)] += dy[p]
    return y


def window_max_pick(x, v, window, strides, low, high):
    y = np.zeros(_small(x.shape, window, strides, low, high))
    for p, inside in _windows(x.shape, y.shape, window, strides, low):
        y[p] = v[_first_largest(x, inside)]
    return y


def philox(counter, key):
    """Philox4x32-10: four words of counter, two of key; the first word of the result."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def random_uniform(seed, step, path, draw, application, shape):
    seed, step = int(seed) % 2**64, int(step) % 2**64
    low = 0xFFFFFFFF
    key = (seed & low, (seed >> 32) ^ (path >> 32))
    words = [philox((i, step & low, path & low, (draw * 0x10001 + application) & low), key)[0]
             for i in range(math.prod(shape))]
    return (np.array(words, np.uint64) >> np.uint64(8)).astype(np.float64).reshape(shape) * 2.0**-24


def gather(x, index, axis):
    return np.take(x, index, axis=axis, mode="clip")


def scatter_sum(d, index, axis, shape):
    y = np.zeros(shape, d.dtype)
    before, after = shape[:axis], shape[axis + 1:]
    rows, terms = y.reshape(-1, shape[axis], math.prod(after)), d.reshape(math.prod(before), -1, math.prod(after))
    for place, k in enumerate(index.reshape(-1)):
        rows[:, np.clip(int(k), 0, shape[axis] - 1)] += terms[:, place]
    return y
