# Metrics over two batches, the second of which has two rows that count.
import numpy as np

from case import Case, MetricCase, ids, real

CLASSES = {"x": real(5, 4), "y": ids(5, below=4)}
POSITIONS = {"x": real(4, 3, 4), "y": ids(4, 3, below=4)}
BINARY = {"x": real(6), "y": real(6, low=0, high=1)}
BINARY_ROWS = {"x": real(5, 3), "y": real(5, 3, low=0, high=1)}


VALUES = {"x": real(6), "y": real(6, high=1)}
ROWS = {"x": real(5, 3), "y": real(5, 3, high=1)}


def accuracy(x, y, ignore=-100, k=1):
    own = np.take_along_axis(x, y[..., None], -1)
    return ((x > own).sum(-1) < k)[y != ignore].mean()


def hits(x, y, threshold):
    return ((x > threshold) & (y > 0.5)).sum()


def precision(x, y, threshold=0.0):
    return hits(x, y, threshold) / max((x > threshold).sum(), 1)


def recall(x, y, threshold=0.0):
    return hits(x, y, threshold) / max((y > 0.5).sum(), 1)


def f1(x, y, threshold=0.0):
    p, r = precision(x, y, threshold), recall(x, y, threshold)
    return 2 * p * r / (p + r)


def table(x, y):
    """How often class i was taken for class j."""
    counts, seen = np.zeros((x.shape[-1],) * 2), x.argmax(-1)
    for label, guess in zip(y.ravel(), seen.ravel()):
        counts[label, guess] += 1
    return counts


def averaged(x, y, parts, wholes, average):
    t = table(x, y)
    a, b, relevant = parts(t), wholes(t), t.sum(1)
    if average == "micro":
        return a.sum() / b.sum()
    each = np.divide(a, b, out=np.zeros_like(a), where=b > 0)
    return each.mean() if average == "macro" else (each * relevant).sum() / relevant.sum()


def class_precision(x, y, average="macro"):
    return averaged(x, y, np.diag, lambda t: t.sum(0), average)


def class_recall(x, y, average="macro"):
    return averaged(x, y, np.diag, lambda t: t.sum(1), average)


def class_f1(x, y, average="macro"):
    return averaged(x, y, lambda t: 2 * np.diag(t), lambda t: t.sum(0) + t.sum(1), average)


def auc(x, y):
    """Over all pairs."""
    ones, zeros = x[y > 0.5], x[y < 0.5]
    return ((ones[:, None] > zeros).mean() + (ones[:, None] == zeros).mean() / 2)


def binned(x, bins):
    return np.floor(x * bins).clip(0, bins - 1)


def r2(x, y):
    return (1 - ((y - x) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)).mean()


def perplexity(x, y, ignore=-100):
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    return np.exp(-np.log(np.take_along_axis(p, y[..., None], -1)[..., 0])[y != ignore].mean())


METRICS = [
    MetricCase("confusion_matrix", "confusion_matrix", CLASSES, table),
    MetricCase("confusion_matrix", "confusion_matrix", POSITIONS, table),
    Case("confusion_counts", "cast(confusion_counts(x, y), f64)", {"x": real(9, 4), "y": ids(9, below=4)}, table, gradients=False),
    Case("confusion_counts", "cast(confusion_counts(x, y), f64)", {"x": real(2, 7, 3), "y": ids(2, 7, below=3)}, table, gradients=False),
    MetricCase("accuracy", "accuracy", CLASSES, accuracy),
    MetricCase("accuracy", "accuracy(ignore: 1)", POSITIONS, lambda x, y: accuracy(x, y, 1)),
    MetricCase("accuracy", "accuracy(ignore: none)", POSITIONS, accuracy),
    MetricCase("top_k_accuracy", "top_k_accuracy(k: 2)", CLASSES, lambda x, y: accuracy(x, y, k=2)),
    MetricCase("top_k_accuracy", "top_k_accuracy(k: 3, ignore: 0)", POSITIONS, lambda x, y: accuracy(x, y, 0, 3)),
    MetricCase("binary_accuracy", "binary_accuracy", BINARY, lambda x, y: ((x > 0) == (y > 0.5)).mean()),
    MetricCase("binary_accuracy", "binary_accuracy(threshold: 0.5)", BINARY_ROWS, lambda x, y: ((x > 0.5) == (y > 0.5)).mean()),
    MetricCase("precision", "precision", BINARY, precision),
    MetricCase("precision", "precision(threshold: 0.5)", BINARY_ROWS, lambda x, y: precision(x, y, 0.5)),
    MetricCase("precision", "precision(threshold: 9)", BINARY, lambda x, y: 0),
    MetricCase("recall", "recall", BINARY, recall),
    MetricCase("recall", "recall(threshold: 0.5)", BINARY_ROWS, lambda x, y: recall(x, y, 0.5)),
    MetricCase("f1", "f1", BINARY, f1),
    MetricCase("f1", "f1(threshold: -0.5)", BINARY_ROWS, lambda x, y: f1(x, y, -0.5)),
    MetricCase("class_precision class_counts class_average", "class_precision", CLASSES, class_precision),
    MetricCase("class_precision", "class_precision(average: weighted)", POSITIONS, lambda x, y: class_precision(x, y, "weighted")),
    MetricCase("class_recall class_counts class_average", "class_recall", POSITIONS, class_recall),
    MetricCase("class_recall", "class_recall(average: micro)", CLASSES, lambda x, y: class_recall(x, y, "micro")),
    MetricCase("class_f1 class_counts class_average", "class_f1", CLASSES, class_f1),
    MetricCase("class_f1", "class_f1(average: weighted)", POSITIONS, lambda x, y: class_f1(x, y, "weighted")),
    MetricCase("class_f1", "class_f1(average: micro)", POSITIONS, lambda x, y: class_f1(x, y, "micro")),
    MetricCase("auc", "auc(bins: 500)", BINARY, auc),
    MetricCase("auc", "auc(bins: 4, logits: false)", {"x": real(5, 3, low=-0.1, high=1.1), "y": real(5, 3, low=0, high=1)},
               lambda x, y: auc(binned(x, 4), y)),
    MetricCase("mse", "mse", VALUES, lambda x, y: ((x - y) ** 2).mean()),
    MetricCase("mae", "mae", ROWS, lambda x, y: np.abs(x - y).mean()),
    MetricCase("rmse", "rmse", VALUES, lambda x, y: np.sqrt(((x - y) ** 2).mean())),
    MetricCase("rmse", "rmse", ROWS, lambda x, y: np.sqrt(((x - y) ** 2).mean())),
    MetricCase("r2", "r2", VALUES, r2),
    MetricCase("r2", "r2", ROWS, r2),
    MetricCase("perplexity", "perplexity", CLASSES, perplexity),
    MetricCase("perplexity", "perplexity(ignore: 2)", POSITIONS, lambda x, y: perplexity(x, y, 2)),
]
