# Losses, from their formulas.
import numpy as np

from case import Case, ids, real

LOGITS = {"x": real(3, 5), "y": ids(3, below=5)}
POSITIONS = {"x": real(2, 3, 4), "y": ids(2, 3, below=4)}
NUMBERS = {"x": real(3, 4), "y": real(3, 4, low=-1.3, high=1.9)}


def log_softmax(x):
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


SHARES = {"x": real(3, 5), "y": real(3, 5, low=0.02, high=0.9)}
LATE = {"x": real(2, 4, 3), "y": ids(2, 3, below=4)}
CHANCES = {"x": real(3, 4, low=0.02, high=0.98), "y": real(3, 4, low=0, high=1)}
PAIR = {"x": real(3, 5), "y": real(3, 5, low=-1.1, high=2.1)}
TRIPLE = {"a": real(3, 5), "p": real(3, 5, low=-1, high=1.5), "n": real(3, 5, low=-1.9, high=1.1)}
TRIPLES = {"a": real(2, 3, 4), "p": real(2, 3, 4, low=-1, high=1.5), "n": real(2, 3, 4, low=-1.9, high=1.1)}
W = np.array([0.5, 2, 1, 3, 0.25])


def reduce(loss, reduction="mean", weight=None):
    weight = np.ones_like(loss) if weight is None else weight
    total = {"none": loss * weight, "sum": (loss * weight).sum(), "mean": (loss * weight).sum() / weight.sum()}
    return total[reduction]


def cross_entropy(x, y, smoothing=0, ignore=-100, weights=None, reduction="mean"):
    """-Σ w·t·log p over the classes, as PyTorch has it: a mean is divided by the weights of the labels that counted."""
    classes = x.shape[-1]
    w = np.ones(classes) if weights is None else weights[:classes]
    target = np.eye(classes)[np.clip(y, 0, classes - 1)]
    each = -(w * ((1 - smoothing) * target + smoothing / classes) * log_softmax(x)).sum(-1) * (y != ignore)
    return {"none": each, "sum": each.sum(), "mean": each.sum() / (w[y] * (y != ignore)).sum()}[reduction]


def soft_cross_entropy(x, y, smoothing=0, weights=1.0, reduction="mean"):
    target = (1 - smoothing) * y + smoothing / x.shape[-1]
    return reduce(-(weights * target * log_softmax(x)).sum(-1), reduction)


def nll(x, y, ignore=-100, weights=np.ones(5), reduction="mean"):
    return reduce(-np.take_along_axis(x, y[..., None], -1)[..., 0], reduction, weights[y] * (y != ignore))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def binary_cross_entropy(p, y, pos_weight=1.0, reduction="mean"):
    return reduce(-(pos_weight * y * np.log(p) + (1 - y) * np.log(1 - p)), reduction)


def huber(x, y, delta=1.0, reduction="mean"):
    d = np.abs(x - y)
    return reduce(np.where(d <= delta, d * d / 2, delta * (d - delta / 2)), reduction)


def softmax(x):
    return np.exp(log_softmax(x))


def kl(p, t):
    return (t * np.log(t / p)).sum(-1)


def cosine(x, y):
    return 1 - (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)


def distance(x, y, epsilon=1e-6):
    return np.linalg.norm(x - y + epsilon, axis=-1)


def contrastive(x, y, same, margin=1.0, reduction="mean"):
    d = np.linalg.norm(x - y, axis=-1)
    return reduce(same * d**2 + (1 - same) * np.maximum(margin - d, 0) ** 2, reduction)


CE = "cross_entropy cross_entropy_from_logits reduced reduced_where"
CEW = "cross_entropy class_weights reduced_by"

LOSSES = [
    Case(CE, "cross_entropy(x, y)", LOGITS, cross_entropy, second=True),
    Case(CE, "x |> cross_entropy(label_smoothing: 0.1, ignore: 2)(y)", POSITIONS, lambda x, y: cross_entropy(x, y, 0.1, 2)),
    Case(CE, "x |> cross_entropy(reduction: sum, ignore: none)(y)", LOGITS, lambda x, y: cross_entropy(x, y, reduction="sum")),
    Case(CE, "x |> cross_entropy(reduction: none, ignore: 1)(y)", POSITIONS, lambda x, y: cross_entropy(x, y, ignore=1, reduction="none")),
    Case(CE + " last_axis", "x |> cross_entropy(axis: 1)(y)", LATE, lambda x, y: cross_entropy(np.moveaxis(x, 1, -1), y)),
    Case(CE + " last_axis", "x |> cross_entropy(axis: -2)(y)", LATE, lambda x, y: cross_entropy(np.moveaxis(x, 1, -1), y)),
    Case(CEW, "x |> cross_entropy(weights: [0.5, 2, 1, 3, 0.25])(y)", LOGITS, lambda x, y: cross_entropy(x, y, weights=W)),
    Case(CEW, "x |> cross_entropy(weights: [0.5, 2, 1, 3], label_smoothing: 0.2, ignore: 2)(y)", POSITIONS,
         lambda x, y: cross_entropy(x, y, 0.2, 2, W)),
    Case(CEW, "x |> cross_entropy(weights: [0.5, 2, 1, 3], label_smoothing: 0.2, ignore: none, reduction: sum)(y)", POSITIONS,
         lambda x, y: cross_entropy(x, y, 0.2, weights=W, reduction="sum")),
    Case("soft_cross_entropy", "soft_cross_entropy(x, y)", SHARES, soft_cross_entropy),
    Case("soft_cross_entropy", "x |> soft_cross_entropy(label_smoothing: 0.1, weights: [0.5, 2, 1, 3, 0.25], reduction: none)(y)", SHARES,
         lambda x, y: soft_cross_entropy(x, y, 0.1, W, "none")),
    Case("soft_cross_entropy", "soft_cross_entropy(x, y)", {"x": real(2, 3, 4), "y": real(2, 3, 4, low=0, high=1)}, soft_cross_entropy),
    Case("nll", "nll(x, y)", LOGITS, nll),
    Case("nll", "x |> nll(ignore: 0, weights: [0.5, 2, 1, 3])(y)", POSITIONS, lambda x, y: nll(x, y, 0, W)),
    Case("nll", "x |> nll(ignore: 3, reduction: sum)(y)", POSITIONS, lambda x, y: nll(x, y, 3, reduction="sum")),
    Case("mse", "mse(x, y)", NUMBERS, lambda x, y: ((x - y) ** 2).mean()),
    Case("mse", "x |> mse(reduction: none)(y)", {"x": real(2, 3, 2), "y": real(2, 3, 2, high=1)}, lambda x, y: (x - y) ** 2),
    Case("mae", "mae(x, y)", NUMBERS, lambda x, y: np.abs(x - y).mean()),
    Case("mae", "x |> mae(reduction: sum)(y)", {"x": real(7), "y": real(7, high=1)}, lambda x, y: np.abs(x - y).sum()),
    Case("huber", "huber(x, y)", NUMBERS, huber, second=True),
    Case("huber", "x |> huber(delta: 0.6, reduction: sum)(y)", {"x": real(7), "y": real(7, high=1)}, lambda x, y: huber(x, y, 0.6, "sum")),
    Case("log_cosh", "log_cosh(x, y)", NUMBERS, lambda x, y: np.log(np.cosh(x - y)).mean()),
    Case("log_cosh", "x |> log_cosh(reduction: none)(y)", {"x": real(7), "y": real(7, high=1)}, lambda x, y: np.log(np.cosh(x - y))),
    Case("binary_cross_entropy", "binary_cross_entropy(x, y)", {"x": real(3, 4), "y": real(3, 4, low=0, high=1)},
         lambda x, y: binary_cross_entropy(sigmoid(x), y)),
    Case("binary_cross_entropy", "x |> binary_cross_entropy(pos_weight: 3, label_smoothing: 0.2, reduction: sum)(y)",
         {"x": real(7), "y": real(7, low=0, high=1)}, lambda x, y: binary_cross_entropy(sigmoid(x), 0.8 * y + 0.1, 3, "sum")),
    Case("binary_cross_entropy_probs bounded_log", "binary_cross_entropy_probs(x, y)", CHANCES, binary_cross_entropy),
    Case("binary_cross_entropy_probs bounded_log", "x |> relu |> min(1) |> binary_cross_entropy_probs(reduction: none)(y)",
         {"x": real(7, low=-3, high=4), "y": real(7, low=0, high=1)},
         lambda x, y: -(y * np.log(np.clip(x, 1e-300, 1)).clip(-100) + (1 - y) * np.log(np.clip(1 - x, 1e-300, 1)).clip(-100)), gradients=False),
    Case("binary_cross_entropy_probs", "x |> binary_cross_entropy_probs(epsilon: 0.1)(y)", CHANCES,
         lambda x, y: binary_cross_entropy(np.clip(x, 0.1, 0.9), y)),
    Case("hinge", "hinge(x, y)", NUMBERS, lambda x, y: np.maximum(1 - x * y, 0).mean()),
    Case("hinge", "x |> hinge(reduction: sum)(cast(2 * y - 1, f64))", {"x": real(7), "y": ids(7, below=2)},
         lambda x, y: np.maximum(1 - x * (2 * y - 1), 0).sum()),
    Case("squared_hinge", "squared_hinge(x, y)", NUMBERS, lambda x, y: (np.maximum(1 - x * y, 0) ** 2).mean()),
    Case("squared_hinge", "x |> squared_hinge(reduction: none)(y)", {"x": real(7), "y": real(7, high=1.5)},
         lambda x, y: np.maximum(1 - x * y, 0) ** 2),
    Case("kl_divergence reduced_positions", "kl_divergence(x, y)", SHARES, lambda x, y: kl(softmax(x), y).mean()),
    Case("kl_divergence", "x |> kl_divergence(reduction: elements)(y)", SHARES, lambda x, y: (y * (np.log(y) - log_softmax(x))).mean()),
    Case("kl_divergence", "x |> kl_divergence(reduction: none)(cast(y, f64))", {"x": real(2, 3, 2), "y": ids(2, 3, 2, below=2)},
         lambda x, y: -(y * log_softmax(x)).sum(-1)),
    Case("kl_divergence_probs", "kl_divergence_probs(x, y)", CHANCES, lambda x, y: kl(x, y).mean()),
    Case("kl_divergence_probs", "x |> kl_divergence_probs(epsilon: 0.2, reduction: sum)(y)", CHANCES,
         lambda x, y: kl(x.clip(0.2), y.clip(0.2)).sum()),
    Case("cosine_distance", "cosine_distance(x, y)", PAIR, lambda x, y: cosine(x, y).mean(), second=True),
    Case("cosine_distance", "x |> cosine_distance(reduction: none)(y)", {"x": real(2, 3, 2), "y": real(2, 3, 2, high=1)}, cosine),
    Case("triplet", "triplet(a, p, n)", TRIPLE, lambda a, p, n: np.maximum(distance(a, p) - distance(a, n) + 1, 0).mean()),
    Case("triplet", "triplet(margin: 3, epsilon: 0, squared: true, reduction: none)(a, p, n)", TRIPLES,
         lambda a, p, n: np.maximum(distance(a, p, 0) ** 2 - distance(a, n, 0) ** 2 + 3, 0)),
    Case("contrastive", "contrastive(x, y, z)", {"x": real(4, 2), "y": real(4, 2, low=-1, high=1.3), "z": real(4, low=0, high=1)},
         lambda x, y, z: contrastive(x, y, z)),
    Case("contrastive", "contrastive(margin: 2, reduction: sum)(x, y, z)",
         {"x": real(2, 3, 2), "y": real(2, 3, 2, low=-1, high=1.3), "z": real(2, 3, low=0, high=1)},
         lambda x, y, z: contrastive(x, y, z, 2.0, "sum")),
]
