# Initialisers: exact values where there are some, else mean, standard deviation and range of one large draw.
from math import erf, sqrt

import numpy as np

from case import Case, InitializerCase, real

SHAPE, FANS = (100, 200), (200, 100)


def exactly(wanted):
    def check(w):
        return None if np.array_equal(w, np.broadcast_to(wanted, w.shape)) else f"is {w}"
    return check


def moments(mean, std, low=-np.inf, high=np.inf, kurtosis=None):
    """Mean and standard deviation within five standard errors of a draw; all inside [low, high]; tails of a normal draw."""
    def check(w):
        n = w.size
        if abs(w.mean() - mean) > 5 * std / sqrt(n):
            return f"has the mean {w.mean()}, wanted is {mean}"
        if abs(w.std() / std - 1) > 5 / sqrt(n):
            return f"has the standard deviation {w.std()}, wanted is {std}"
        if w.min() < low or w.max() > high:
            return f"lies from {w.min()} to {w.max()}"
        if np.isfinite(high) and w.max() - w.min() < 0.99 * (high - low):
            return f"leaves its range out: {w.min()} to {w.max()}"
        fourth = (((w - w.mean()) / w.std()) ** 4).mean()
        if kurtosis is not None and abs(fourth - kurtosis) > 5 * sqrt(96 / n):
            return f"has the fourth moment {fourth}, wanted is {kurtosis}"
        if len(np.unique(w)) < 0.99 * n:
            return "draws numbers twice"
        return None
    return check


def uniform(limit):
    return moments(0, limit / sqrt(3), -limit, limit, 1.8)


def normal(std):
    return moments(0, std, kurtosis=3)


def orthonormal(gain):
    """Rows or columns are orthonormal to rounding, and no direction is preferred: means of elements and of their squares."""
    def check(w):
        flat = w.reshape(w.shape[0], -1) / gain
        flat = flat if flat.shape[0] <= flat.shape[1] else flat.T
        error = np.max(np.abs(flat @ flat.T - np.eye(flat.shape[0])))
        if error > 1e-12:
            return f"is not orthonormal by {error}"
        z = flat * sqrt(flat.shape[1])
        if abs(z.mean()) > 5 / sqrt(z.size) or abs((z**2).mean() - 1) > 1e-12 or abs((z**4).mean() - 3) > 0.5:
            return f"has means of {z.mean()}, {(z**2).mean()} and {(z**4).mean()}"
        return None
    return check


def inverse_erf(y):
    """By bisection."""
    low, high = -6.0, 6.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if erf(middle) < y else (low, middle)
    return low


def inverse_erfs(x):
    return np.vectorize(inverse_erf)(x)


def case(function, initializer, check, shape=SHAPE, how="statistics of a draw"):
    return InitializerCase(function, initializer, shape, FANS, check, how)


def cut_normal(std, low, high):
    """Of a normal distribution cut at low and high, by summing its density."""
    x = np.linspace(low, high, 200001)
    p = np.exp(-x**2 / 2)
    p /= p.sum()
    mean = (p * x).sum()
    spread = np.sqrt((p * (x - mean) ** 2).sum())
    return mean * std, spread * std, (p * (x - mean) ** 4).sum() / spread**4


def truncated(std, low=-2, high=2, mean=0, before=None):
    before = before or std
    shift, spread, fourth = cut_normal(before, low, high)
    return moments(mean + shift, spread, mean + low * before, mean + high * before, fourth)


INITIALIZERS = [
    case("zeros", "zeros", exactly(0), how="values"),
    case("ones", "ones", exactly(1), how="values"),
    case("full", "full(0.5)", exactly(0.5), how="values"),
    case("uniform", "uniform", moments(0.5, 1 / sqrt(12), 0, 1, 1.8)),
    case("uniform", "uniform(-2, 1)", moments(-0.5, 3 / sqrt(12), -2, 1, 1.8), (40, 20, 30)),
    case("normal random_normal", "normal", normal(1)),
    case("normal random_normal", "normal(0.5, mean: 2)", moments(2, 0.5, kurtosis=3), (20000,)),
    case("glorot_uniform", "glorot_uniform", uniform(sqrt(6 / 300))),
    case("glorot_uniform", "glorot_uniform(2)", uniform(2 * sqrt(6 / 300))),
    case("glorot_normal", "glorot_normal", normal(sqrt(2 / 300))),
    case("glorot_normal", "glorot_normal(2)", normal(2 * sqrt(2 / 300))),
    case("he_uniform", "he_uniform", uniform(sqrt(6 / 200))),
    case("he_uniform", "he_uniform(1)", uniform(sqrt(3 / 200))),
    case("he_normal", "he_normal", normal(sqrt(2 / 200))),
    case("he_normal", "he_normal(1)", normal(sqrt(1 / 200))),
    case("he_normal random_with_deviation", "he_normal(truncated: true)", truncated(sqrt(2 / 200), before=sqrt(2 / 200) / 0.87962566103423978)),
    case("glorot_normal random_with_deviation", "glorot_normal(truncated: true)", truncated(0, before=sqrt(2 / 300) / 0.87962566103423978)),
    case("lecun_normal", "lecun_normal", normal(sqrt(1 / 200))),
    case("lecun_normal", "lecun_normal(truncated: true)", moments(0, sqrt(1 / 200))),
    case("lecun_uniform", "lecun_uniform", uniform(sqrt(3 / 200))),
    case("truncated_normal random_truncated_normal", "truncated_normal", truncated(1)),
    case("truncated_normal random_truncated_normal", "truncated_normal(0.5, mean: 2, low: -1, high: 3)", truncated(0.5, -1, 3, 2), (30, 40, 20)),
    case("identity", "identity", exactly(np.eye(100, 200)), how="values"),
    case("identity", "identity(0.5)", exactly(0.5 * np.eye(3)), (3, 3), how="values"),
    case("orthogonal orthonormal_rows", "orthogonal", orthonormal(1), (40, 40), how="values"),
    case("orthogonal orthonormal_rows", "orthogonal(gain: 2)", orthonormal(2), (60, 20), how="values"),
    case("orthogonal orthonormal_rows", "orthogonal", orthonormal(1), (30, 4, 10), how="values"),
    Case("inverse_erf", "inverse_erf(x)", {"x": real(40, low=-0.99, high=0.99)}, inverse_erfs, tolerance=1e-10),
    Case("inverse_erf", "inverse_erf(x)", {"x": real(2, 3, 4, low=-0.9, high=0.9)}, inverse_erfs),
]
