# Order, running sums, codes and draws, from NumPy.
import numpy as np

from case import Case, DrawCase, ids, real


def ordered(x, descending=False):
    order = np.argsort(-x if descending else x, axis=-1, kind="stable")
    return np.take_along_axis(x, order, -1), order


def largest(x, k):
    order = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, order, -1), order


def running(function, unit, x, backwards=False, exclusive=False):
    y = np.flip(x, -1) if backwards else x
    y = function(y, axis=-1)
    if exclusive:
        y = np.concatenate([np.full(y.shape[:-1] + (1,), unit), y[..., :-1]], -1)
    return np.flip(y, -1) if backwards else y


def codes(x, classes):
    return (x[..., None] == np.arange(classes)).astype("f8")


def drawn(check):
    return lambda y, x: check(y - x)


def permutation(draw):
    return None if sorted(draw.round(6)) == list(range(draw.size)) and list(draw) != sorted(draw) else f"draws {draw}"


def booleans(draw):
    share = draw.mean()
    return None if set(draw.ravel().round(6)) <= {0.0, 1.0} and abs(share - 0.3) < 0.05 else f"has a share of {share}, or other numbers"


def integers(draw):
    values = set(draw.ravel().round(6))
    return None if values == set(range(-2, 5)) else f"draws {sorted(values)}"


def layer(body):
    return f"layer Draw(x: T[...]) -> T[...] {{ return x + cast({body}, T) }}"


TENSORS = [
    Case("sort argsort places_in_order", "(sort(x), argsort(x))", {"x": real(3, 6)}, ordered, second=True),
    Case("sort argsort places_in_order", "(sort(descending: true)(x), argsort(descending: true)(x))", {"x": real(2, 2, 5)},
         lambda x: ordered(x, True)),
    Case("top_k", "top_k(2)(x)", {"x": real(3, 6)}, lambda x: largest(x, 2)),
    Case("top_k", "top_k(3)(x)", {"x": real(2, 2, 3)}, lambda x: largest(x, 3)),
    *[Case(f"{name} moved_along", f"{name}{arguments}(x)", {"x": real(*shape)},
           lambda x, f=function, u=unit, o=options: running(f, u, x, **o), second=k == 0)
      for name, function, unit in (("cumsum", np.cumsum, 0.0), ("cumprod", np.cumprod, 1.0))
      for k, (shape, arguments, options) in enumerate([
          ((3, 6), "", {}), ((2, 2, 5), "(backwards: true)", {"backwards": True}),
          ((7,), "(exclusive: true)", {"exclusive": True}), ((4, 1), "(true, true)", {"backwards": True, "exclusive": True})])],
    Case("one_hot", "cast(one_hot(5)(x), f64)", {"x": ids(3, 4, below=5)}, lambda x: codes(x, 5), gradients=False),
    Case("one_hot", "cast(one_hot(3)(x), f64)", {"x": ids(6, below=7)}, lambda x: codes(x, 3), gradients=False),
    DrawCase("random_permutation", "x |> Draw", {"x": real(30)}, drawn(permutation), declarations=layer("random_permutation(30)")),
    DrawCase("random_bernoulli", "x |> Draw", {"x": real(40, 50)}, drawn(booleans), declarations=layer("random_bernoulli(0.3)(shape(x))")),
    DrawCase("random_integers", "x |> Draw", {"x": real(20, 30)}, drawn(integers), declarations=layer("random_integers(-2, 5)(shape(x))")),
]
