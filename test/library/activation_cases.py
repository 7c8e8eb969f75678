# Activations, from their formulas.
import numpy as np
from math import erf, pi, sqrt

from case import Case, real

ERF = np.vectorize(erf)


def elementwise(name, formula, *others, low=-4.0, high=8.0):
    """Cases of two ranks: with default arguments, and (configuration, formula) of others."""
    shapes = [(3, 4), (2, 3, 5), (7,)]
    made = [Case(name, f"x |> {name}", {"x": real(*shapes[k], low=low, high=high)}, formula, second=k == 0) for k in range(2)]
    return made + [Case(name, f"x |> {name}({configuration})", {"x": real(*shapes[2], low=low, high=high)}, other)
                   for configuration, other in others]


def softmax(x):
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return x * 0.5 * (1 + ERF(x / sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))


def softplus(x, beta=1):
    return np.log(1 + np.exp(beta * x)) / beta


def elu(x, alpha=1):
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def relu6(x):
    return np.clip(x, 0, 6)


ACTIVATIONS = [
    *elementwise("relu", lambda x: np.where(x > 0, x, 0)),
    *elementwise("relu6", relu6),
    *elementwise("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x), ("0.3", lambda x: np.where(x > 0, x, 0.3 * x))),
    Case("PReLU", "x |> PReLU", {"x": real(3, 4)}, lambda x, weight: np.where(x > 0, x, weight * x)),
    Case("PReLU", "x |> PReLU(3, init: zeros)", {"x": real(2, 3, 4)},
         lambda x, weight: np.where(x > 0, x, weight[None, :, None] * x)),
    *elementwise("elu", elu, ("1.5", lambda x: elu(x, 1.5))),
    *elementwise("selu", lambda x: 1.0507009873554804934 * elu(x, 1.6732632423543772848)),
    *elementwise("celu", elu, ("2", lambda x: np.where(x > 0, x, 2 * (np.exp(x / 2) - 1)))),
    *elementwise("gelu", gelu, ("approximate: true", gelu_tanh)),
    *elementwise("silu", lambda x: x * sigmoid(x)),
    *elementwise("swish", lambda x: x * sigmoid(x)),
    *elementwise("mish", lambda x: x * np.tanh(softplus(x))),
    *elementwise("softplus", softplus, ("beta: 2", lambda x: softplus(x, 2))),
    *elementwise("softsign", lambda x: x / (1 + np.abs(x))),
    *elementwise("hard_sigmoid", lambda x: relu6(x + 3) / 6, ("0.2", lambda x: np.clip(0.2 * x + 0.5, 0, 1))),
    *elementwise("hard_swish", lambda x: x * relu6(x + 3) / 6),
    *elementwise("softmax", softmax),
    *elementwise("log_softmax", lambda x: np.log(softmax(x))),
]
