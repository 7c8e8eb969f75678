# Dense layers, convolutions and pooling, written as loops over windows.
import itertools

import numpy as np

from case import Case, ids, real

IMAGE = {"x": real(2, 3, 6, 5)}
SMALL = {"x": real(2, 4, 4, 5)}
SERIES = {"x": real(2, 4, 7)}
VOLUME = {"x": real(1, 2, 3, 4, 3)}


def windows(x, size, stride, low, high, dilation=None, fill=0.0):
    """The windows over the last axes of x, one axis of taps behind the positions."""
    axes = len(size)
    dilation = dilation or (1,) * axes
    x = np.pad(x, [(0, 0)] * (x.ndim - axes) + list(zip(low, high)), constant_values=fill)
    extents = x.shape[-axes:]
    reach = [(k - 1) * d + 1 for k, d in zip(size, dilation)]
    positions = [range(0, n - r + 1, s) for n, r, s in zip(extents, reach, stride)]
    taps = []
    for tap in itertools.product(*map(range, size)):
        index = np.ix_(*[[p + t * d for p in where] for where, t, d in zip(positions, tap, dilation)])
        taps.append(x[(...,) + index])
    return np.stack(taps, -1)


def ceil_pool(x, size, stride, pad, reduce, count_padding=True):
    """PyTorch's loops: windows start inside the input or its front padding and end with the padding."""
    (h, w), spans = x.shape[2:], []
    for n, k, s, p in zip((h, w), size, stride, pad):
        outputs = -(-(n + 2 * p - k) // s) + 1
        outputs -= (outputs - 1) * s >= n + p
        spans.append([(i * s - p, min(i * s - p + k, n + p)) for i in range(outputs)])
    y = np.empty((*x.shape[:2], *map(len, spans)))
    for (i, (a, b)), (j, (c, d)) in itertools.product(*map(enumerate, spans)):
        seen = x[:, :, max(a, 0):b, max(c, 0):d]
        area = (b - a) * (d - c) if count_padding else seen.shape[2] * seen.shape[3]
        y[:, :, i, j] = seen.max((2, 3)) if reduce == "max" else seen.sum((2, 3)) / area
    return y


def convolve(x, weight, bias=None, stride=(1, 1), low=(0, 0), high=(0, 0), dilation=None, groups=1):
    seen = windows(x, weight.shape[2:], stride, low, high, dilation)  # n c positions... taps
    parts = [np.einsum("nc...t,oct->no...", s, w.reshape(*w.shape[:2], -1))
             for s, w in zip(np.split(seen, groups, 1), np.split(weight, groups, 0))]
    y = np.concatenate(parts, 1)
    return y if bias is None else y + bias.reshape(-1, *[1] * (x.ndim - 2))


def separable(x, depthwise_weight, pointwise_weight, pointwise_bias=None, **how):
    return convolve(convolve(x, depthwise_weight, groups=x.shape[1], **how), pointwise_weight, pointwise_bias)


def transposed_same(x, weight, bias, stride):
    """Keras' `same`: extents times the stride; what is too much goes in front and behind, the odd one behind; what lacks is zero."""
    y = transposed(x, weight, None, stride)
    for axis, s in zip((2, 3), stride):
        wanted, more = x.shape[axis] * s, weight.shape[axis] - s
        y = np.moveaxis(y, axis, 0)[max(more, 0) // 2:][:wanted]
        y = np.moveaxis(np.pad(y, [(0, wanted - len(y))] + [(0, 0)] * 3), 0, axis)
    return y + bias[:, None, None]


def transposed(x, weight, bias=None, stride=(1, 1), padding=(0, 0), more=(0, 0), dilation=(1, 1), groups=1):
    """Every element adds a filter, scaled, at its place."""
    kernel = weight.shape[2:]
    full = [(h - 1) * s + (k - 1) * d + 1 + o for h, s, k, d, o in zip(x.shape[2:], stride, kernel, dilation, more)]
    parts = []
    for part, w in zip(np.split(x, groups, 1), np.split(weight, groups, 0)):
        y = np.zeros((x.shape[0], w.shape[1], *full))
        for i, j in np.ndindex(*x.shape[2:]):
            for a, b in np.ndindex(*kernel):
                y[:, :, i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]] += part[:, :, i, j] @ w[:, :, a, b]
        parts.append(y[:, :, padding[0]:full[0] - padding[0], padding[1]:full[1] - padding[1]])
    y = np.concatenate(parts, 1)
    return y if bias is None else y + bias[:, None, None]


def bilinear(x, factor, axis):
    n = x.shape[axis]
    places = ((np.arange(n * factor) + 0.5) / factor - 0.5).clip(0, n - 1)
    low = np.floor(places).astype(int)
    share = (places - low).reshape([-1 if k == axis else 1 for k in range(x.ndim)])
    return x.take(low, axis) * (1 - share) + x.take((low + 1).clip(0, n - 1), axis) * share


def positions(length, width, base):
    table = np.zeros((length, width))
    for p, i in np.ndindex(length, width // 2):
        table[p, 2 * i:2 * i + 2] = np.sin(p / base ** (2 * i / width)), np.cos(p / base ** (2 * i / width))
    return table


LAYERS = [
    Case("Dense linear", "x |> Dense(3)", {"x": real(2, 4)}, lambda x, weight, bias: x @ weight.T + bias, second=True),
    Case("Dense linear", "x |> Dense(3, bias: false)", {"x": real(2, 5, 4)}, lambda x, weight: x @ weight.T),
    Case("Dense linear", "x |> Dense(3)", {"x": real(2, 3, 2, 4)}, lambda x, weight, bias: x @ weight.T + bias, second=True),
    Case("Dense linear", "x |> Dense(3)", {"x": real(4)}, lambda x, weight, bias: x @ weight.T + bias),
    Case("flatten", "x |> flatten", {"x": real(2, 3, 4)}, lambda x: x.reshape(2, 12)),
    Case("flatten", "x |> flatten", {"x": real(2, 3, 2, 2)}, lambda x: x.reshape(2, 12)),
    Case("Conv2d", "x |> Conv2d(4, kernel: 3)", IMAGE, lambda x, weight, bias: convolve(x, weight, bias), second=True),
    Case("Conv2d", "x |> Conv2d(4, kernel: (3, 2), stride: (2, 1), padding: ((1, 0), (0, 2)), dilation: (1, 2), groups: 2, bias: false)",
         SMALL, lambda x, weight: convolve(x, weight, None, (2, 1), (1, 0), (0, 2), (1, 2), 2)),
    Case("Conv2d window_padding", "x |> Conv2d(2, kernel: (2, 3), stride: 2, padding: same)", SMALL,
         lambda x, weight, bias: convolve(x, weight, bias, (2, 2), (0, 1), (0, 1)), second=True),
    Case("max_pool", "x |> max_pool(2)", IMAGE, lambda x: windows(x, (2, 2), (2, 2), (0, 0), (0, 0)).max(-1)),
    Case("max_pool window_padding", "x |> max_pool((3, 2), stride: 1, padding: (1, 0))", IMAGE,
         lambda x: windows(x, (3, 2), (1, 1), (1, 0), (1, 0), fill=-np.inf).max(-1), second=True),
    Case("avg_pool", "x |> avg_pool(2)", IMAGE, lambda x: windows(x, (2, 2), (2, 2), (0, 0), (0, 0)).mean(-1)),
    Case("avg_pool", "x |> avg_pool(3, stride: (2, 1), padding: 1)", SMALL,
         lambda x: windows(x, (3, 3), (2, 1), (1, 1), (1, 1)).mean(-1), second=True),
    Case("avg_pool", "x |> avg_pool(3, stride: 2, padding: same)", SMALL,
         lambda x: np.nanmean(windows(x, (3, 3), (2, 2), (0, 1), (1, 1), fill=np.nan), -1)),
    Case("avg_pool", "x |> avg_pool(3, padding: 1, count_padding: false)", SMALL,
         lambda x: np.nanmean(windows(x, (3, 3), (3, 3), (1, 1), (1, 1), fill=np.nan), -1)),
    Case("max_pool ceil_padding", "x |> max_pool(2, ceil: true)", IMAGE, lambda x: ceil_pool(x, (2, 2), (2, 2), (0, 0), "max")),
    Case("max_pool ceil_padding", "x |> max_pool((2, 1), stride: (3, 2), padding: (1, 0), ceil: true)", SMALL,
         lambda x: ceil_pool(x, (2, 1), (3, 2), (1, 0), "max"), declarations="@allow(stride-skips)"),
    Case("avg_pool ceil_padding", "x |> avg_pool(3, stride: 2, padding: 1, ceil: true)", SMALL,
         lambda x: ceil_pool(x, (3, 3), (2, 2), (1, 1), "mean")),
    Case("avg_pool ceil_padding", "x |> avg_pool(2, stride: (2, 3), padding: 1, ceil: true, count_padding: false)", IMAGE,
         lambda x: ceil_pool(x, (2, 2), (2, 3), (1, 1), "mean", False), declarations="@allow(stride-skips)"),
    Case("global_avg_pool", "x |> global_avg_pool", IMAGE, lambda x: x.mean((2, 3))),
    Case("global_avg_pool", "x |> global_avg_pool", {"x": real(2, 3, 4)}, lambda x: x.mean(2)),
    Case("Conv1d row_padding", "x |> Conv1d(4, kernel: 3)", SERIES,
         lambda x, weight, bias: convolve(x, weight, bias, (1,), (0,), (0,))),
    Case("Conv1d row_padding", "x |> Conv1d(2, kernel: 3, stride: 2, padding: causal, dilation: 2, groups: 2, bias: false)", SERIES,
         lambda x, weight: convolve(x, weight, None, (2,), (4,), (0,), (2,), 2), second=True),
    Case("Conv1d row_padding", "x |> Conv1d(2, kernel: 2, stride: 2, padding: same)", {"x": real(2, 3, 5)},
         lambda x, weight, bias: convolve(x, weight, bias, (2,), (0,), (1,))),
    Case("Conv1d row_padding", "x |> Conv1d(2, kernel: 3, padding: (2, 1))", {"x": real(1, 2, 4)},
         lambda x, weight, bias: convolve(x, weight, bias, (1,), (2,), (1,))),
    Case("Conv3d", "x |> Conv3d(2, kernel: 2)", VOLUME,
         lambda x, weight, bias: convolve(x, weight, bias, (1, 1, 1), (0, 0, 0), (0, 0, 0))),
    Case("Conv3d", "x |> Conv3d(4, kernel: 3, stride: 2, padding: 1, groups: 2, bias: false)", VOLUME,
         lambda x, weight: convolve(x, weight, None, (2, 2, 2), (1, 1, 1), (1, 1, 1), groups=2)),
    Case("DepthwiseConv2d", "x |> DepthwiseConv2d(3)", IMAGE,
         lambda x, weight, bias: convolve(x, weight, bias, groups=3)),
    Case("DepthwiseConv2d", "x |> DepthwiseConv2d((2, 3), stride: (1, 2), padding: same, multiplier: 2, bias: false)", SMALL,
         lambda x, weight: convolve(x, weight, None, (1, 2), (0, 1), (1, 1), groups=4)),
    Case("SeparableConv2d", "x |> SeparableConv2d(2, 3)", IMAGE, separable),
    Case("SeparableConv2d", "x |> SeparableConv2d(5, 2, stride: 2, padding: 1, multiplier: 2, bias: false)", SMALL,
         lambda x, **owned: separable(x, **owned, stride=(2, 2), low=(1, 1), high=(1, 1))),
    Case("ConvTranspose2d reverse", "x |> ConvTranspose2d(2, 3)", SMALL,
         lambda x, weight, bias: transposed(x, weight, bias), second=True),
    Case("ConvTranspose2d reverse",
         "x |> ConvTranspose2d(4, (2, 3), stride: (2, 3), padding: (1, 0), output_padding: (1, 2), dilation: (2, 1), groups: 2, bias: false)",
         SMALL,
         lambda x, weight: transposed(x, weight, None, (2, 3), (1, 0), (1, 2), (2, 1), 2)),
    Case("ConvTranspose2d same_cut", "x |> ConvTranspose2d(2, (4, 3), stride: 2, padding: same)", SMALL,
         lambda x, weight, bias: transposed_same(x, weight, bias, (2, 2))),
    Case("ConvTranspose2d same_cut", "x |> ConvTranspose2d(2, (2, 5), stride: (3, 1), padding: same)", SMALL,
         lambda x, weight, bias: transposed_same(x, weight, bias, (3, 1))),
    Case("Conv2d reverse", "x |> Conv2d(2, (2, 3), flip: true)", IMAGE,
         lambda x, weight, bias: convolve(x, weight[:, :, ::-1, ::-1], bias), second=True),
    Case("Conv1d reverse", "x |> Conv1d(2, kernel: 3, flip: true)", SERIES,
         lambda x, weight, bias: convolve(x, weight[:, :, ::-1], bias, (1,), (0,), (0,))),
    Case("Conv3d reverse", "x |> Conv3d(2, kernel: 2, flip: true)", VOLUME,
         lambda x, weight, bias: convolve(x, weight[:, :, ::-1, ::-1, ::-1], bias, (1, 1, 1), (0, 0, 0), (0, 0, 0))),
    Case("max_pool1d row_padding", "x |> max_pool1d(2)", SERIES, lambda x: windows(x, (2,), (2,), (0,), (0,)).max(-1)),
    Case("max_pool1d row_padding", "x |> max_pool1d(3, stride: 1, padding: causal)", {"x": real(1, 2, 5)},
         lambda x: windows(x, (3,), (1,), (2,), (0,), fill=-np.inf).max(-1)),
    Case("avg_pool1d row_padding", "x |> avg_pool1d(2)", SERIES, lambda x: windows(x, (2,), (2,), (0,), (0,)).mean(-1)),
    Case("avg_pool1d row_padding", "x |> avg_pool1d(3, stride: 2, padding: same)", {"x": real(1, 2, 5)},
         lambda x: np.nanmean(windows(x, (3,), (2,), (1,), (1,), fill=np.nan), -1)),
    Case("avg_pool1d row_padding", "x |> avg_pool1d(3, padding: 1)", {"x": real(1, 2, 5)},
         lambda x: windows(x, (3,), (3,), (1,), (1,)).mean(-1)),
    Case("min_pool", "x |> min_pool(2)", IMAGE, lambda x: windows(x, (2, 2), (2, 2), (0, 0), (0, 0)).min(-1)),
    Case("min_pool", "x |> min_pool((1, 3), stride: 2, padding: same)", SMALL,
         lambda x: windows(x, (1, 3), (2, 2), (0, 1), (0, 1), fill=np.inf).min(-1)),
    Case("l2_pool", "x |> l2_pool(2)", IMAGE, lambda x: np.sqrt((windows(x, (2, 2), (2, 2), (0, 0), (0, 0)) ** 2).sum(-1)), second=True),
    Case("l2_pool", "x |> l2_pool((2, 3), stride: 1, padding: (0, 1))", SMALL,
         lambda x: np.sqrt((windows(x, (2, 3), (1, 1), (0, 1), (0, 1)) ** 2).sum(-1))),
    Case("l2_pool", "x |> relu |> l2_pool(1)", SMALL, lambda x: np.maximum(x, 0)),
    Case("global_max_pool", "x |> global_max_pool", IMAGE, lambda x: x.max((2, 3))),
    Case("global_max_pool", "x |> global_max_pool", SERIES, lambda x: x.max(2)),
    Case("upsample", "x |> upsample(2)", SMALL, lambda x: x.repeat(2, 2).repeat(2, 3)),
    Case("upsample", "x |> upsample((3, 1))", SMALL, lambda x: x.repeat(3, 2)),
    Case("upsample interpolation", "x |> upsample((2, 3), mode: bilinear)", SMALL, lambda x: bilinear(bilinear(x, 2, 2), 3, 3)),
    Case("upsample interpolation", "x |> upsample((1, 4), mode: bilinear)", IMAGE, lambda x: bilinear(x, 4, 3)),
    Case("zero_pad", "x |> zero_pad(1)", SMALL, lambda x: np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])),
    Case("zero_pad", "x |> zero_pad(((1, 0), (2, 3)))", SMALL, lambda x: np.pad(x, [(0, 0), (0, 0), (1, 0), (2, 3)])),
    Case("Flatten", "x |> Flatten", {"x": real(2, 3, 4)}, lambda x: x.reshape(2, 12)),
    Case("Flatten", "x |> Flatten", {"x": real(3, 2, 2, 1)}, lambda x: x.reshape(3, 4)),
    Case("Reshape", "x |> Reshape([2, 6])", {"x": real(2, 3, 4)}, lambda x: x.reshape(2, 2, 6)),
    Case("Reshape", "x |> Reshape([3, -1, 2])", {"x": real(2, 12)}, lambda x: x.reshape(2, 3, 2, 2)),
    Case("Permute", "x |> Permute([2, 1])", {"x": real(2, 3, 4)}, lambda x: x.transpose(0, 2, 1)),
    Case("Permute", "x |> Permute([3, 1, 2])", SMALL, lambda x: x.transpose(0, 3, 1, 2)),
    Case("sinusoidal_positions", "x + sinusoidal_positions(x)", {"x": real(2, 5, 6)}, lambda x: x + positions(5, 6, 10000.0)),
    Case("sinusoidal_positions", "x |> sinusoidal_positions(base: 100)", {"x": real(7, 4)}, lambda x: positions(7, 4, 100.0), gradients=False),
    Case("Embedding", "cast(x |> Embedding(7, 3), f64)", {"x": ids(5, below=7)}, lambda x, weight: weight[x], gradients=False),
    Case("Embedding", "cast(x |> Embedding(4, 2), f64)", {"x": ids(2, 3, below=4)}, lambda x, weight: weight[x], gradients=False),
]
