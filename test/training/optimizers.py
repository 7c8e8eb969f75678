# One program trains one linear map per optimizer, side by side: the loss is the sum of their mean squared errors, so that each map
# sees its own gradient only. The updates here are written from the papers and from the frameworks' documentation.
# usage: optimizers.py NNC FOLDER. Exits 1 with one line per difference.
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from safetensors_file import read_safetensors, write_safetensors

STEPS, BATCH, INPUTS, UNITS = 5, 8, 3, 4

MODEL = """
optimizer FromWeight(inner: Optimizer, keep: float)(w, g, t) {
  slot average = w
  inner(w, g, t)
  average := keep * average + (1 - keep) * w
  evaluate { average }
}
layer Map(units: int)(x: T[n, inputs]) -> T[n, units] {
  param weight: T[inputs, units] = zeros
  param bias: T[units] = zeros
  return x @ weight + bias
}
model M(x: f32[batch, %d]) -> f32[batch, %d] {
  var all = x |> Map(%d) as first
  for i in 1..%d { all = concat(all, x |> Map(%d) as one, axis: 1) }
  return all
}
fn each(prediction: T[n, all], target: T[n, units]) -> T {
  let difference = reshape(prediction, [n, all / units, units]) - target[:, new, :]
  return mean(difference * difference) * (all / units)
}
train M {
  data       = npz("train.npz", x: f32[batch, %d], y: f32[batch, %d])
  validation = npz("validation.npz")
  batch      = %d
  steps      = %d
  shuffle    = false
  loss       = each
  optimizer  = {
    %s
  }
}
"""


class Optimizer:
    """`update` returns the next weight; `m` holds what it keeps, zeros at first."""
    lr = 0.0

    def __init__(self, **settings):
        self.m = {}
        self.__dict__.update(settings)

    def kept(self, name, w, first=0.0):
        return self.m.setdefault(name, np.full_like(w, first))

    def mean(self, name, w, beta, value):
        """A running mean from zero."""
        self.m[name] = beta * self.kept(name, w) + (1 - beta) * value
        return self.m[name]

    def before(self, w):
        return w

    def evaluated(self, w):
        return w

    def decayed(self, w, g):
        return g + self.weight_decay * w


class SGD(Optimizer):
    lr, momentum, dampening, nesterov, weight_decay = 0.01, 0, 0, False, 0

    def update(self, w, g, t):
        g = self.decayed(w, g)
        if self.momentum:
            v = g if t == 1 else self.momentum * self.m["v"] + (1 - self.dampening) * g
            self.m["v"] = v
            g = g + self.momentum * v if self.nesterov else v
        return w - self.lr * g


class Momentum(Optimizer):
    lr, beta, ewma = 0.01, 0.9, False

    def update(self, w, g, t):
        if self.ewma:
            return w - self.lr * self.mean("v", w, self.beta, g)
        self.m["v"] = self.beta * self.kept("v", w) + self.lr * g
        return w - self.m["v"]


class NAG(Optimizer):
    lr, beta = 0.01, 0.9

    def before(self, w):
        return w - self.beta * self.kept("v", w)

    def update(self, w, g, t):
        self.m["v"] = self.beta * self.kept("v", w) + self.lr * g
        return w - self.m["v"]


class AdaGrad(Optimizer):
    lr, epsilon, initial_accumulator, lr_decay, weight_decay, epsilon_inside = 0.01, 1e-10, 0.0, 0, 0, False

    def update(self, w, g, t):
        g = self.decayed(w, g)
        s = self.m["s"] = self.kept("s", w, self.initial_accumulator) + g * g
        root = np.sqrt(s + self.epsilon) if self.epsilon_inside else np.sqrt(s) + self.epsilon
        return w - self.lr / (1 + (t - 1) * self.lr_decay) * g / root


class RMSprop(Optimizer):
    lr, alpha, epsilon, weight_decay, momentum, centred, epsilon_inside, rate_inside = 0.01, 0.99, 1e-8, 0, 0, False, False, False

    def update(self, w, g, t):
        g = self.decayed(w, g)
        square = self.mean("s", w, self.alpha, g * g)
        if self.centred:
            square = square - self.mean("mean", w, self.alpha, g)**2
        step = g / (np.sqrt(square + self.epsilon) if self.epsilon_inside else np.sqrt(square) + self.epsilon)
        if not self.momentum:
            return w - self.lr * step
        if self.rate_inside:
            self.m["v"] = self.momentum * self.kept("v", w) + self.lr * step
            return w - self.m["v"]
        self.m["v"] = self.momentum * self.kept("v", w) + step
        return w - self.lr * self.m["v"]


class Adadelta(Optimizer):
    lr, rho, epsilon, weight_decay = 1.0, 0.9, 1e-6, 0

    def update(self, w, g, t):
        g = self.decayed(w, g)
        s = self.mean("s", w, self.rho, g * g)
        step = np.sqrt(self.kept("d", w) + self.epsilon) / np.sqrt(s + self.epsilon) * g
        self.mean("d", w, self.rho, step * step)
        return w - self.lr * step


class Adam(Optimizer):
    lr, beta1, beta2, epsilon, weight_decay, epsilon_hat, decoupled, largest = 1e-3, 0.9, 0.999, 1e-8, 0, False, False, False
    decay = "all"

    def update(self, w, g, t):
        if not self.decoupled:
            g = self.decayed(w, g)
        elif self.decay == "all" or w.ndim >= 2:
            w = w * (1 - self.lr * self.weight_decay)
        m, v = self.mean("m", w, self.beta1, g), self.mean("v", w, self.beta2, g * g)
        if self.largest:
            v = self.m["top"] = np.maximum(self.kept("top", w), v)
        first, second = 1 - self.beta1**t, 1 - self.beta2**t
        if self.epsilon_hat:
            return w - self.lr * np.sqrt(second) / first * m / (np.sqrt(v) + self.epsilon)
        return w - self.lr * (m / first) / (np.sqrt(v / second) + self.epsilon)


class AdamW(Adam):
    decoupled, weight_decay = True, 0.01


class AMSGrad(Adam):
    largest = True


class Adamax(Optimizer):
    lr, beta1, beta2, epsilon, weight_decay, epsilon_inside = 2e-3, 0.9, 0.999, 1e-8, 0, True

    def update(self, w, g, t):
        g = self.decayed(w, g)
        m = self.mean("m", w, self.beta1, g)
        size = np.abs(g) + (self.epsilon if self.epsilon_inside else 0)
        u = self.m["u"] = np.maximum(self.beta2 * self.kept("u", w), size)
        return w - self.lr / (1 - self.beta1**t) * m / (u if self.epsilon_inside else u + self.epsilon)


class Nadam(Optimizer):
    lr, beta1, beta2, epsilon, weight_decay, momentum_decay = 2e-3, 0.9, 0.999, 1e-8, 0, 4e-3

    def share(self, t):
        return self.beta1 * (1 - 0.5 * 0.96**(t * self.momentum_decay))

    def update(self, w, g, t):
        g = self.decayed(w, g)
        m, v = self.mean("m", w, self.beta1, g), self.mean("v", w, self.beta2, g * g)
        product = np.prod([self.share(i) for i in range(1, t + 1)])
        now, after = self.share(t), self.share(t + 1)
        step = (1 - now) / (1 - product) * g + after / (1 - product * after) * m
        return w - self.lr * step / (np.sqrt(v / (1 - self.beta2**t)) + self.epsilon)


class Lion(Optimizer):
    lr, beta1, beta2, weight_decay = 1e-4, 0.9, 0.99, 0

    def update(self, w, g, t):
        direction = np.sign(self.beta1 * self.kept("m", w) + (1 - self.beta1) * g)
        self.mean("m", w, self.beta2, g)
        return w - self.lr * (direction + self.weight_decay * w)


class LAMB(Optimizer):
    lr, beta1, beta2, epsilon, weight_decay, decay = 1e-3, 0.9, 0.999, 1e-6, 0.01, "all"

    def update(self, w, g, t):
        m, v = self.mean("m", w, self.beta1, g), self.mean("v", w, self.beta2, g * g)
        r = m / (1 - self.beta1**t) / (np.sqrt(v / (1 - self.beta2**t)) + self.epsilon)
        if self.decay == "all" or w.ndim >= 2:
            r = r + self.weight_decay * w
        return w - self.lr * np.linalg.norm(w) / np.linalg.norm(r) * r


class EMA(Optimizer):
    decay, bias_correction = 0.999, True

    def before(self, w):
        return self.inner.before(w)

    def update(self, w, g, t):
        after = self.inner.update(w, g, t)
        first = np.zeros_like(w) if self.bias_correction else w
        self.m["a"] = self.decay * self.m.get("a", first) + (1 - self.decay) * after
        self.m["t"] = t
        return after

    def evaluated(self, w):
        return self.m["a"] / (1 - self.decay**self.m["t"]) if self.bias_correction else self.m["a"]


CASES = {
    "SGD": SGD(),
    "SGD(0.1, momentum: 0.9, weight_decay: 0.1)": SGD(lr=0.1, momentum=0.9, weight_decay=0.1),
    "SGD(0.1, momentum: 0.8, dampening: 0.5)": SGD(lr=0.1, momentum=0.8, dampening=0.5),
    "SGD(0.1, momentum: 0.9, nesterov: true)": SGD(lr=0.1, momentum=0.9, nesterov=True),
    "Momentum": Momentum(),
    "Momentum(lr: 0.3, beta: 0.7, ewma: true)": Momentum(lr=0.3, beta=0.7, ewma=True),
    "NAG": NAG(),
    "NAG(lr: 0.1, beta: 0.8)": NAG(lr=0.1, beta=0.8),
    "AdaGrad": AdaGrad(),
    "AdaGrad(lr: 0.1, epsilon: 0.01, lr_decay: 0.2, weight_decay: 0.1)": AdaGrad(lr=0.1, epsilon=0.01, lr_decay=0.2, weight_decay=0.1),
    "AdaGrad(lr: 0.1, epsilon: 0.01, initial_accumulator: 0.1, epsilon_inside: true)":
        AdaGrad(lr=0.1, epsilon=0.01, initial_accumulator=0.1, epsilon_inside=True),
    "RMSprop": RMSprop(),
    "RMSprop(lr: 0.05, alpha: 0.9, epsilon: 0.01, weight_decay: 0.1, momentum: 0.5, centred: true)":
        RMSprop(lr=0.05, alpha=0.9, epsilon=0.01, weight_decay=0.1, momentum=0.5, centred=True),
    "RMSprop(lr: 0.05, alpha: 0.9, epsilon: 0.01, momentum: 0.5, epsilon_inside: true, rate_inside: true)":
        RMSprop(lr=0.05, alpha=0.9, epsilon=0.01, momentum=0.5, epsilon_inside=True, rate_inside=True),
    "Adadelta": Adadelta(),
    "Adadelta(lr: 5, rho: 0.8, epsilon: 1e-3, weight_decay: 0.1)": Adadelta(lr=5, rho=0.8, epsilon=1e-3, weight_decay=0.1),
    "Adam": Adam(),
    "Adam(lr: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.1, weight_decay: 0.1)":
        Adam(lr=0.1, beta1=0.8, beta2=0.9, epsilon=0.1, weight_decay=0.1),
    "Adam(lr: 0.1, epsilon: 0.1, epsilon_hat: true)": Adam(lr=0.1, epsilon=0.1, epsilon_hat=True),
    "AdamW": AdamW(),
    "AdamW(lr: 0.1, weight_decay: 0.5, decay: matrices)": AdamW(lr=0.1, weight_decay=0.5, decay="matrices"),
    "AdamW(lr: 0.1, epsilon: 0.1, epsilon_hat: true)": AdamW(lr=0.1, epsilon=0.1, epsilon_hat=True),
    "AMSGrad": AMSGrad(),
    "AMSGrad(lr: 0.1, beta1: 0.5, beta2: 0.5, epsilon: 0.1, weight_decay: 0.1)":
        AMSGrad(lr=0.1, beta1=0.5, beta2=0.5, epsilon=0.1, weight_decay=0.1),
    "AMSGrad(lr: 0.1, beta2: 0.6, epsilon: 0.1, epsilon_hat: true)": AMSGrad(lr=0.1, beta2=0.6, epsilon=0.1, epsilon_hat=True),
    "Adamax": Adamax(),
    "Adamax(lr: 0.1, beta2: 0.5, epsilon: 0.1, weight_decay: 0.1)": Adamax(lr=0.1, beta2=0.5, epsilon=0.1, weight_decay=0.1),
    "Adamax(lr: 0.1, beta2: 0.5, epsilon: 0.1, epsilon_inside: false)": Adamax(lr=0.1, beta2=0.5, epsilon=0.1, epsilon_inside=False),
    "Nadam": Nadam(),
    "Nadam(lr: 0.1, epsilon: 0.1, weight_decay: 0.1, momentum_decay: 1)": Nadam(lr=0.1, epsilon=0.1, weight_decay=0.1, momentum_decay=1),
    "Lion": Lion(),
    "Lion(lr: 0.05, beta1: 0.6, beta2: 0.7, weight_decay: 0.2)": Lion(lr=0.05, beta1=0.6, beta2=0.7, weight_decay=0.2),
    "LAMB": LAMB(),
    "LAMB(lr: 0.1, beta1: 0.8, epsilon: 0.1, weight_decay: 0.5, decay: matrices)":
        LAMB(lr=0.1, beta1=0.8, epsilon=0.1, weight_decay=0.5, decay="matrices"),
    "EMA(SGD(lr: 0.1))": EMA(inner=SGD(lr=0.1)),
    "EMA(NAG(lr: 0.1), decay: 0.6)": EMA(inner=NAG(lr=0.1), decay=0.6),
    "EMA(Adam(lr: 0.1), decay: 0.6, bias_correction: false)": EMA(inner=Adam(lr=0.1), decay=0.6, bias_correction=False),
    "FromWeight(Momentum(lr: 0.1), keep: 0.7)": EMA(inner=Momentum(lr=0.1), decay=0.7, bias_correction=False),
}


def layer(i):
    return f"i{i}.one" if i else "first"


def gradients(x, y, w, b):
    """Of the mean squared error of x @ w + b."""
    d = 2 * (x @ w + b - y) / y.size
    return x.T @ d, d.sum(0)


def trained(optimizer, weight, bias, x, y):
    """The weights after all steps, and those that are written."""
    second = type(optimizer)(**{k: v for k, v in vars(optimizer).items() if k != "m"})
    if isinstance(optimizer, EMA):  # the bias is another parameter: it needs slots of its own
        second.inner = type(optimizer.inner)(**{k: v for k, v in vars(optimizer.inner).items() if k != "m"})
    for t in range(1, STEPS + 1):
        rows = slice((t - 1) * BATCH, t * BATCH)
        dw, db = gradients(x[rows], y[rows], optimizer.before(weight), second.before(bias))
        weight, bias = optimizer.update(weight, dw, t), second.update(bias, db, t)
    return optimizer.evaluated(weight), second.evaluated(bias)


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    count, complaints, wanted = len(CASES), [], {}
    draw = lambda *shape: rng.uniform(-1, 1, shape).astype(np.float32)
    x, y, vx, vy = draw(STEPS * BATCH, INPUTS), draw(STEPS * BATCH, UNITS), draw(11, INPUTS), draw(11, UNITS)
    np.savez(folder / "train.npz", x=x, y=y)
    np.savez(folder / "validation.npz", x=vx, y=vy)
    first = {f"{layer(i)}.{name}": draw(*shape) for i in range(count) for name, shape in (("weight", (INPUTS, UNITS)), ("bias", (UNITS,)))}
    write_safetensors(folder / "first.safetensors", first)
    groups = ",\n    ".join(f'"{layer(i)}.*": {text}' for i, text in enumerate(CASES))
    (folder / "m.nn").write_text(MODEL % (INPUTS, count * UNITS, UNITS, count, UNITS, INPUTS, UNITS, BATCH, STEPS, groups))
    subprocess.run([nnc, "m.nn", "-o", "m", "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["./m", "train", "--quiet", "--weights", "first.safetensors", "--log", "log.jsonl", "--out", "w.safetensors"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    got, loss = read_safetensors(folder / "w.safetensors"), 0
    for i, (text, optimizer) in enumerate(CASES.items()):
        names = f"{layer(i)}.weight", f"{layer(i)}.bias"
        weights = trained(optimizer, *(first[name].astype(float) for name in names), x.astype(float), y.astype(float))
        loss += np.mean((vx @ weights[0] + weights[1] - vy)**2)
        for name, want in zip(names, weights):
            error, moved = np.max(np.abs(got[name] - want)), np.max(np.abs(want - first[name]))
            if not error <= 5e-7 + 2e-5 * moved:
                complaints.append(f"{text}: {name} moves by {moved:.3g} and is off by {error:.3g}")
    logged = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines() if "val_loss" in line]
    if not abs(logged[-1]["val_loss"] - loss) <= 1e-5 * loss:
        complaints.append(f"the loss of the validation is {logged[-1]['val_loss']}, NumPy's {loss:.9g}")
    print("\n".join(complaints) or f"{count} optimizers agree after {STEPS} steps")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
