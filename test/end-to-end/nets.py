# Small networks, losses and optimizers in NumPy and float64 with derivatives written by hand: the independent reference
# for the first steps of training. Knows nothing of the compiler; conventions are docs' and PyTorch's.
import numpy as np


class Dense:
    def __init__(self, path):
        self.weight, self.bias = path + ".weight", path + ".bias"

    def forward(self, x, w):
        self.x = x
        return x @ w[self.weight].T + w[self.bias]

    def backward(self, d, w, g):
        g[self.weight] = d.T @ self.x
        g[self.bias] = d.sum(0)
        return d @ w[self.weight]


class Conv2d:
    """Cross-correlation with stride 1 and `pad` zeros on every side."""

    def __init__(self, path, pad=0, bias=True):
        self.weight, self.bias, self.pad = path + ".weight", path + ".bias" if bias else None, pad

    def forward(self, x, w):
        kernel = w[self.weight]
        self.kh, self.kw = kernel.shape[2:]
        p = self.pad
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        # [n, c, out_h, out_w, kh, kw]
        self.patches = np.lib.stride_tricks.sliding_window_view(padded, (self.kh, self.kw), (2, 3))
        y = np.einsum("nchwij,ocij->nohw", self.patches, kernel, optimize=True)
        return y if self.bias is None else y + w[self.bias][:, None, None]

    def backward(self, d, w, g):
        g[self.weight] = np.einsum("nohw,nchwij->ocij", d, self.patches, optimize=True)
        if self.bias is not None:
            g[self.bias] = d.sum((0, 2, 3))
        # The full correlation of d with the flipped kernel, cut to x.
        full = np.pad(d, ((0, 0), (0, 0), (self.kh - 1, self.kh - 1), (self.kw - 1, self.kw - 1)))
        windows = np.lib.stride_tricks.sliding_window_view(full, (self.kh, self.kw), (2, 3))
        dx = np.einsum("nohwij,ocij->nchw", windows, w[self.weight][:, :, ::-1, ::-1], optimize=True)
        p = self.pad
        return dx[:, :, p:dx.shape[2] - p, p:dx.shape[3] - p]


class AvgPool:
    def __init__(self, size):
        self.size = size

    def forward(self, x, w):
        n, c, h, width = x.shape
        return x.reshape(n, c, h // self.size, self.size, width // self.size, self.size).mean((3, 5))

    def backward(self, d, w, g):
        return d.repeat(self.size, 2).repeat(self.size, 3) / self.size**2


class BatchNorm:
    def __init__(self, path, momentum=0.9, epsilon=1e-5):
        self.path, self.momentum, self.epsilon = path, momentum, epsilon

    def forward(self, x, w):
        axes, m = (0, 2, 3), x.size // x.shape[1]
        mean, var = x.mean(axes), x.var(axes)
        self.inverse = 1 / np.sqrt(var + self.epsilon)
        self.normal = (x - mean[:, None, None]) * self.inverse[:, None, None]
        # The running variance is unbiased; both change in place, as training does.
        for name, value in (("running_mean", mean), ("running_var", var * m / (m - 1))):
            state = f"{self.path}.{name}"
            w[state] = self.momentum * w[state] + (1 - self.momentum) * value
        return w[self.path + ".weight"][:, None, None] * self.normal + w[self.path + ".bias"][:, None, None]

    def backward(self, d, w, g):
        axes = (0, 2, 3)
        g[self.path + ".weight"] = (d * self.normal).sum(axes)
        g[self.path + ".bias"] = d.sum(axes)
        d = d * w[self.path + ".weight"][:, None, None]
        centred = d - d.mean(axes)[:, None, None] - self.normal * (d * self.normal).mean(axes)[:, None, None]
        return centred * self.inverse[:, None, None]


class Tanh:
    def forward(self, x, w):
        self.y = np.tanh(x)
        return self.y

    def backward(self, d, w, g):
        return d * (1 - self.y**2)


class Relu:
    def forward(self, x, w):
        self.positive = x > 0
        return x * self.positive

    def backward(self, d, w, g):
        return d * self.positive


class Flatten:
    def forward(self, x, w):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, d, w, g):
        return d.reshape(self.shape)


def loss_and_gradients(layers, weights, images, labels):
    """The mean cross entropy of softmax, and its gradients by path. BatchNorm changes its states in `weights`."""
    x = images
    for layer in layers:
        x = layer.forward(x, weights)
    shifted = x - x.max(1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    rows = np.arange(len(labels))
    d = np.exp(log_probabilities)
    d[rows, labels] -= 1
    d /= len(labels)
    gradients = {}
    for layer in reversed(layers):
        d = layer.backward(d, weights, gradients)
    return -log_probabilities[rows, labels].mean(), gradients


def cosine(peak, total):
    """Half a cosine from `peak` at step 0 to zero."""
    return lambda step: peak * 0.5 * (1 + np.cos(np.pi * step / total))


class Momentum:
    """v = β·v + lr·g; w -= v"""

    def __init__(self, lr, beta):
        self.lr, self.beta, self.v = lr, beta, {}

    def update(self, weights, gradients, step):
        for name, g in gradients.items():
            self.v[name] = self.beta * self.v.get(name, 0) + self.lr(step) * g
            weights[name] = weights[name] - self.v[name]


class Adam:
    def __init__(self, lr, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.lr, self.beta1, self.beta2, self.epsilon, self.m, self.v = lr, beta1, beta2, epsilon, {}, {}

    def update(self, weights, gradients, step):
        t = step + 1
        for name, g in gradients.items():
            self.m[name] = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g
            self.v[name] = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g**2
            m, v = self.m[name] / (1 - self.beta1**t), self.v[name] / (1 - self.beta2**t)
            weights[name] = weights[name] - self.lr(step) * m / (np.sqrt(v) + self.epsilon)
