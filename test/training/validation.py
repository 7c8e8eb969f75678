# What follows from validations: the learning rate of reduce_on_plateau and where early stopping ends, recomputed from the
# results in the log by PyTorch's and Keras' rules; the written weights are those of the best validation.
# usage: validation.py NNC FOLDER. Exits 1 with one line per difference.
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

EPOCHS, PER_EPOCH = 30, 3

MODEL = """
model M(x: f32[batch, 6]) -> f32[batch, 3] { return x |> Dense(16) |> tanh |> Dense(3) }
train M {
  data       = npz("train.npz", x: f32[batch, 6], y: i32[batch])
  validation = npz("validation.npz")
  batch      = 8
  epochs     = 30
  loss       = cross_entropy
  metrics    = [accuracy]
  optimizer  = %s
  %s
}
"""


def plateau(initial, key="val_loss", sign=1, factor=0.1, patience=10, threshold=1e-4, relative=True, cooldown=0, min_lr=0.0):
    """ReduceLROnPlateau as PyTorch documents it: the rate behind each validation."""
    def rates(results):
        rate, best, bad, rest, made = initial, None, 0, 0, []
        for value in (result[key] for result in results):
            limit = None if best is None else best * (1 - sign * threshold) if relative else best - sign * threshold
            if best is None or sign * value < sign * limit:
                best, bad = value, 0
            else:
                bad += 1
            if rest > 0:
                rest, bad = rest - 1, 0
            if bad > patience:
                rate, rest, bad = max(rate * factor, min_lr), cooldown, 0
            made.append(rate)
        return made
    return rates


PLATEAUS = {
    "SGD(lr: reduce_on_plateau(2.0, patience: 1, factor: 0.5))": plateau(2.0, patience=1, factor=0.5),
    "SGD(lr: reduce_on_plateau(3.0, patience: 0, cooldown: 2, factor: 0.3, min_lr: 0.2, threshold: 0.05))":
        plateau(3.0, patience=0, cooldown=2, factor=0.3, min_lr=0.2, threshold=0.05),
    "SGD(lr: reduce_on_plateau(2.0, metric: validation.accuracy, mode: max, patience: 2, relative: false, threshold: 0.02))":
        plateau(2.0, "accuracy", -1, patience=2, relative=False, threshold=0.02),
    '{ "*.bias": SGD(lr: reduce_on_plateau(1.0, patience: 0)), else: SGD(lr: warm_up(reduce_on_plateau(2.0, patience: 1), steps: 1)) }':
        plateau(2.0, patience=1),
}


def end(key="val_loss", sign=1, patience=1, delta=0.0):
    """The epochs that ended the run and that had the best result, as Keras' EarlyStopping counts."""
    def epochs(results):
        best, where, worse = None, 0, 0
        for epoch, value in enumerate((result[key] for result in results), 1):
            if best is None or sign * value < sign * best - delta:
                best, where, worse = value, epoch, 0
            else:
                worse += 1
                if worse >= patience:
                    return epoch, where
        return len(results), where
    return epochs


STOPS = {
    "early_stopping(validation.loss, patience: 3)": (end(patience=3), True),
    "early_stopping(validation.loss, min_delta: 0.05, patience: 2)": (end(patience=2, delta=0.05), True),
    "early_stopping(validation.accuracy, patience: 5, mode: max)": (end("accuracy", -1, patience=5), True),
    "early_stopping(validation.loss, patience: 2, restore_best: false)": (end(patience=2), False),
    "early_stopping(validation.loss, patience: 1000)": (end(patience=1000), True),
}


def train(nnc, folder, name, optimizer, entries, *options):
    (folder / f"{name}.nn").write_text(MODEL % (optimizer, entries))
    subprocess.run([nnc, f"{name}.nn", "-o", name, "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return run(folder, name, *options)


def run(folder, name, *options):
    command = [f"./{name}", "train", "--log", "log.jsonl", "--out", "w.safetensors", *options]
    output = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line["lr"] for line in lines if "step" in line], [line for line in lines if "epoch" in line], output


def check_plateaus(nnc, folder):
    for i, (optimizer, rates) in enumerate(PLATEAUS.items()):
        got, results, _ = train(nnc, folder, f"plateau{i}", optimizer, "")
        want = np.repeat([got[0]] + rates(results)[:-1], PER_EPOCH)
        if len(set(want)) < 3 or not np.allclose(got, want, rtol=1e-8):
            yield f"{optimizer}: the rates are {got[::PER_EPOCH]}, by the rule {list(want[::PER_EPOCH])}"


def check_stops(nnc, folder):
    for i, (stop, (rule, restores)) in enumerate(STOPS.items()):
        name = f"stop{i}"
        _, results, output = train(nnc, folder, name, "SGD(lr: 3.0)", f"stop = {stop}")
        last, best = rule(results)
        if len(results) != last:
            yield f"{stop}: ends with epoch {len(results)}, by the rule with {last}"
        if last < EPOCHS and f"stopped: {last - best} validation" not in output:
            yield f"{stop}: says {output!r}"
        scores = subprocess.run([f"./{name}", "eval", "--quiet", "--weights", "w.safetensors"], cwd=folder, check=True,
                                capture_output=True, text=True).stdout
        loss, want = float(scores.split()[1]), results[(best if restores else last) - 1]["val_loss"]
        if abs(loss - want) > 1e-8 * want or best == last:
            yield f"{stop}: the written weights have a loss of {loss}, and the best validation is {want} in epoch {best} of {last}"


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    for name, count in (("train", 8 * PER_EPOCH), ("validation", 40)):
        x = rng.normal(size=(count, 6)).astype(np.float32)
        y = (x[:, 0] + 1.5 * rng.normal(size=count) > 0).astype(np.int32) + (x[:, 1] > 1)
        np.savez(folder / f"{name}.npz", x=x, y=y.astype(np.int32))
    complaints = [*check_plateaus(nnc, folder), *check_stops(nnc, folder)]
    print("\n".join(complaints) or f"{len(PLATEAUS)} schedules and {len(STOPS)} stops agree")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
