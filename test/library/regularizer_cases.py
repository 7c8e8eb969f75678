# Penalties and constraints of weights, from their formulas.
import numpy as np

from case import Case, real

VECTOR, MATRIX, KERNEL = {"x": real(5)}, {"x": real(3, 4)}, {"x": real(2, 3, 2, 2)}


def elastic(x, l1, l2):
    return l1 * np.abs(x).sum() + l2 * (x * x).sum()


def max_norm(limit):
    """Of each row of all axes but the first; of a vector as a whole."""
    def reference(x):
        length = np.sqrt((x * x).sum(tuple(range(1, x.ndim)) or None, keepdims=True))
        return np.where(length > limit, x * limit / length, x)
    return reference


REGULARIZERS = [
    Case("l1", "x |> l1", MATRIX, lambda x: elastic(x, 0.01, 0)),
    Case("l1", "x |> l1(0.3)", KERNEL, lambda x: elastic(x, 0.3, 0)),
    Case("l2", "x |> l2", VECTOR, lambda x: elastic(x, 0, 0.01)),
    Case("l2", "x |> l2(0.3)", MATRIX, lambda x: elastic(x, 0, 0.3)),
    Case("elastic", "x |> elastic", MATRIX, lambda x: elastic(x, 0.01, 0.01)),
    Case("elastic", "x |> elastic(lasso: 0.2, ridge: 0.3)", KERNEL, lambda x: elastic(x, 0.2, 0.3)),
    Case("max_norm", "x |> max_norm", MATRIX, max_norm(2)),
    Case("max_norm", "x |> max_norm(2.5)", KERNEL, max_norm(2.5)),
    Case("max_norm", "x |> max_norm(1.5)", VECTOR, max_norm(1.5)),
]
