# Normalisation, and the layers that draw.
import numpy as np

from case import Case, DrawCase, real


def over_channels(v, x):
    return v.reshape(1, -1, *[1] * (x.ndim - 2))


def batch_norm(x, weight, bias, epsilon=1e-5):
    axes = (0, *range(2, x.ndim))
    mean, var = x.mean(axes), x.var(axes)
    normal = (x - over_channels(mean, x)) / np.sqrt(over_channels(var, x) + epsilon)
    return normal * over_channels(weight, x) + over_channels(bias, x), mean, var


def trained_batch_norm(x, running_mean, running_var, weight, bias, momentum, epsilon, unbiased):
    y, mean, var = batch_norm(x, weight, bias, epsilon)
    m = x.size / x.shape[1]
    grown = var * m / (m - 1) if unbiased else var
    return y, momentum * running_mean + (1 - momentum) * mean, momentum * running_var + (1 - momentum) * grown


def used_batch_norm(x, mean, var, weight, bias, epsilon=1e-5):
    return over_channels(weight, x) * (x - over_channels(mean, x)) / np.sqrt(over_channels(var, x) + epsilon) + over_channels(bias, x)


def dropped(rate, together=None):
    """Each element is zero or x / (1 - rate); about `rate` of them are zero; whole slices where `together` names axes."""
    def check(y, x):
        zero = y == 0
        if not np.allclose(y[~zero], x[~zero] / (1 - rate), rtol=1e-14):
            return "scales what it keeps otherwise than by 1 / (1 - rate)"
        draws = zero if together is None else zero.all(together)
        if together is not None and not np.array_equal(zero, np.broadcast_to(zero.all(together, keepdims=True), zero.shape)):
            return "cuts a slice in part"
        bound = 5 * np.sqrt(rate * (1 - rate) / draws.size)
        return None if abs(draws.mean() - rate) <= bound else f"drops a share of {draws.mean()}, wanted is {rate}"
    return check


def normal(x, axes, epsilon):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def group_norm(x, groups, epsilon=1e-5):
    return normal(x.reshape(x.shape[0], groups, -1), 2, epsilon).reshape(x.shape)


def rms_norm(x, epsilon=1e-6):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon)


def response(x, size=5, alpha=1e-4, beta=0.75, k=1.0):
    c = x.shape[1]
    y = np.empty_like(x)
    for i in range(c):
        near = x[:, max(i - size // 2, 0):i + (size - 1) // 2 + 1]
        y[:, i] = x[:, i] / (k + alpha / size * (near**2).sum(1)) ** beta
    return y


def noisy(std):
    def check(y, x):
        noise, bound = y - x, 5 * std / np.sqrt(x.size)
        good = abs(noise.mean()) < bound and abs(noise.std() - std) < bound and len(np.unique(noise)) > 0.99 * noise.size
        return None if good else f"adds noise of mean {noise.mean()} and deviation {noise.std()}"
    return check


NORMS = [
    Case("normalize", "normalize(x, mean: [0.5, -1, 0.25], std: [2, 0.5, 1])", {"x": real(2, 3, 4, 5)},
         lambda x: (x - over_channels(np.array([0.5, -1, 0.25]), x)) / over_channels(np.array([2, 0.5, 1]), x)),
    Case("normalize", "normalize(x, mean: [0.5, 1], std: [0.1, 3])", {"x": real(3, 2)}, lambda x: (x - [0.5, 1]) / [0.1, 3]),
    Case("LayerNorm layer_norm layer_norm_slope sum_of_rows", "x |> LayerNorm", {"x": real(3, 5)},
         lambda x, weight, bias: normal(x, -1, 1e-5) * weight + bias, second=True),
    Case("LayerNorm layer_norm", "x |> LayerNorm(epsilon: 0.1, bias: false)", {"x": real(2, 3, 4)},
         lambda x, weight: normal(x, -1, 0.1) * weight),
    Case("LayerNorm layer_norm", "x |> LayerNorm(affine: false)", {"x": real(3, 5)}, lambda x: normal(x, -1, 1e-5)),
    Case("RMSNorm", "x |> RMSNorm", {"x": real(3, 5)}, lambda x, weight: rms_norm(x) * weight, second=True),
    Case("RMSNorm", "x |> RMSNorm(epsilon: 0.1, affine: false)", {"x": real(2, 3, 4)}, lambda x: rms_norm(x, 0.1)),
    Case("GroupNorm normalized_groups scale_shift", "x |> GroupNorm(2)", {"x": real(2, 4, 3)},
         lambda x, weight, bias: group_norm(x, 2) * over_channels(weight, x) + over_channels(bias, x), second=True),
    Case("GroupNorm", "x |> GroupNorm(3, epsilon: 0.1, affine: false)", {"x": real(2, 6, 2, 2)}, lambda x: group_norm(x, 3, 0.1)),
    Case("InstanceNorm normalized_groups", "x |> InstanceNorm", {"x": real(2, 3, 3, 2)}, lambda x: normal(x, (2, 3), 1e-5)),
    Case("InstanceNorm scale_shift", "x |> InstanceNorm(affine: true, epsilon: 0.1)", {"x": real(2, 3, 4)},
         lambda x, weight, bias: normal(x, 2, 0.1) * over_channels(weight, x)
         + over_channels(bias, x)),
    Case("local_response_norm", "x |> local_response_norm", {"x": real(2, 7, 2, 3)}, response),
    Case("local_response_norm", "x |> local_response_norm(size: 2, alpha: 0.5, beta: 1.5, k: 2)", {"x": real(2, 3, 2, 2)},
         lambda x: response(x, 2, 0.5, 1.5, 2.0), second=True),
    DrawCase("SpatialDropout", "x |> SpatialDropout", {"x": real(20, 16, 3, 2)}, dropped(0.5, (2, 3))),
    DrawCase("SpatialDropout", "x |> SpatialDropout(0.2)", {"x": real(25, 20, 3)}, dropped(0.2, (2,))),
    Case("SpatialDropout", "x |> SpatialDropout(0.2)", {"x": real(3, 4, 2)}, lambda x: x),
    DrawCase("GaussianNoise random_normal", "x |> GaussianNoise(0.5)", {"x": real(20, 30)}, noisy(0.5)),
    DrawCase("GaussianNoise random_normal", "x |> GaussianNoise(2)", {"x": real(10, 5, 12)}, noisy(2)),
    Case("GaussianNoise", "x |> GaussianNoise(0.5)", {"x": real(3, 4)}, lambda x: x),
    Case("BatchNorm batch_norm moments", "x |> BatchNorm", {"x": real(4, 3)},
         lambda x, running_mean, running_var, weight, bias: trained_batch_norm(
             x, running_mean, running_var, weight, bias, 0.9, 1e-5, True), training=True, second=True),
    Case("BatchNorm batch_norm moments", "x |> BatchNorm(momentum: 0.6, epsilon: 0.1, unbiased: false, affine: false)",
         {"x": real(2, 3, 2, 2)}, lambda x, running_mean, running_var: trained_batch_norm(
             x, running_mean, running_var, np.ones(3), np.zeros(3), 0.6, 0.1, False), training=True),
    Case("batch_norm sum_of_channels", "batch_norm(x, weight, bias, 0.1)", {"x": real(3, 2, 2), "weight": real(2), "bias": real(2)},
         lambda x, weight, bias: batch_norm(x, weight, bias, 0.1), second=True),
    Case("BatchNorm scale_shift", "x |> BatchNorm", {"x": real(2, 3, 2, 2)},
         lambda x, running_mean, running_var, weight, bias: used_batch_norm(
             x, running_mean, running_var, weight, bias)),
    DrawCase("Dropout dropout", "x |> Dropout", {"x": real(20, 30)}, dropped(0.5)),
    DrawCase("Dropout dropout", "dropout(x, random_counter(), 0.2)", {"x": real(10, 5, 12)}, dropped(0.2)),
    Case("Dropout", "x |> Dropout(0.2)", {"x": real(3, 4)}, lambda x: x),
]
