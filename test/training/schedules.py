# One program tabulates all schedules over a run of 24 steps: its optimizer writes their values at step t into row t of its only
# parameter, in f64. The formulas here are written from the papers' and frameworks' documentation, with loops where the
# library has closed forms.
# usage: schedules.py NNC FOLDER. Exits 1 with one line per difference.
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np

from safetensors_file import read_safetensors

STEPS, RECORDS, BATCH = 24, 21, 4
PER_EPOCH = RECORDS / BATCH

MODEL = """
optimizer Table(lr: Schedule, schedules: list)(w, g, t) {
  let rows = cast(iota(%d), f64)[:, new]
  let columns = iota(len(schedules))[new, :]
  var now = w + 0 * g
  for i in 0..len(schedules) {
    now = now + select(rows == t - 1 and columns == i, schedules[i], 0)
  }
  w := now
}
model M(x: f32[batch, 1]) -> f32[batch, 1] {
  param table: f64[%d, %d] = zeros
  return x * cast(1 + sum(table), f32)
}
train M {
  data      = npz("train.npz", x: f32[batch, 1])
  target    = x
  batch     = 4
  steps     = %d
  loss      = mse
  optimizer = Table(lr: warm_up(cosine(0.5), steps: epochs(1)), schedules: [
    %s
  ])
}
"""


def half(a, b, share):
    """From a to b along half a cosine."""
    return a + (b - a) * (1 - math.cos(math.pi * share)) / 2


def line(a, b, share):
    return a + (b - a) * share


def cosine(peak, warmup=0, end=0.0):
    return lambda s: peak * (s + 1) / warmup if s < warmup else half(peak, end, (s - warmup) / (STEPS - warmup))


def cosine_restarts(peak, first, factor=1.0, decay=1.0, end=0.0):
    def value(step):
        length, top = first, peak
        while step >= length:
            step, length, top = step - length, length * factor, top * decay
        return half(top, end, step / length)
    return value


def piecewise(values, boundaries, closed=False):
    return lambda s: values[sum(s > b if closed else s >= b for b in boundaries)]


def step_decay(initial, every, gamma=0.1):
    return lambda s: initial * gamma**(s // every)


def exponential(initial, gamma, every=1, staircase=False):
    return lambda s: initial * gamma**(s // every if staircase else s / every)


def polynomial(initial, end=0.0, power=1.0, steps=STEPS, cycle=False):
    def value(step):
        length = steps
        while cycle and length < step:
            length += steps
        return (initial - end) * (1 - min(step, length) / length)**power + end
    return value


def warm_up(after, steps, start=None):
    def value(step):
        factor = (step + 1) / steps if start is None else start + (1 - start) * step / steps
        return after(step) * min(factor, 1)
    return value


def one_cycle(peak, rise=0.3, start=25.0, end=1e4, shape=half, symmetric=False):
    low = peak / start
    marks = [(0, low), (rise * STEPS - 1, peak)]
    if symmetric:
        marks.append((2 * rise * STEPS - 2, low))
    marks.append((STEPS - 1, low / end))

    def value(step):
        for (a, x), (b, y) in zip(marks, marks[1:]):
            if step <= b:
                return shape(x, y, (step - a) / (b - a))
    return value


def inverse_sqrt(peak, warmup=1):
    return lambda s: peak * min((s + 1) / warmup, (s + 1)**-0.5 * warmup**0.5)


CASES = {
    "cosine(0.1)": cosine(0.1),
    "cosine(0.1, warmup: 5, end: 0.01)": cosine(0.1, 5, 0.01),
    "cosine(0.1, warmup: epochs(1.5))": cosine(0.1, math.ceil(1.5 * PER_EPOCH)),
    "cosine_restarts(0.1, first: 7)": cosine_restarts(0.1, 7),
    "cosine_restarts(0.1, first: epochs(1), end: 0.02)": cosine_restarts(0.1, 6, end=0.02),
    "cosine_restarts(0.1, first: 3, factor: 2, decay: 0.5, end: 1e-3)": cosine_restarts(0.1, 3, 2, 0.5, 1e-3),
    "cosine_restarts(1, first: 1, factor: 2)": cosine_restarts(1, 1, 2),
    "cosine_restarts(0.1, first: 2, factor: 1.5, decay: 0.9)": cosine_restarts(0.1, 2, 1.5, 0.9),
    "piecewise([0.1, 0.02, 0.003], boundaries: [4, epochs(3)])": piecewise([0.1, 0.02, 0.003], [4, 16]),
    "piecewise([1, 0.5], [10], closed: true)": piecewise([1, 0.5], [10], True),
    "step_decay(0.1, every: 10)": step_decay(0.1, 10),
    "step_decay(0.1, every: epochs(1), gamma: 0.7)": step_decay(0.1, 6, 0.7),
    "exponential(0.1, gamma: 0.9)": exponential(0.1, 0.9),
    "exponential(0.1, gamma: 0.5, every: 8)": exponential(0.1, 0.5, 8),
    "exponential(0.1, gamma: 0.5, every: epochs(2), staircase: true)": exponential(0.1, 0.5, 11, True),
    "polynomial(0.1)": polynomial(0.1),
    "polynomial(0.1, end: 1e-4, power: 2, steps: 10)": polynomial(0.1, 1e-4, 2, 10),
    "polynomial(0.1, power: 0.5, steps: epochs(1), cycle: true)": polynomial(0.1, 0, 0.5, 6, True),
    "warm_up(0.1, steps: 6)": warm_up(lambda s: 0.1, 6),
    "warm_up(step_decay(0.1, every: 9), steps: epochs(1), start: 0.25)": warm_up(step_decay(0.1, 9), 6, 0.25),
    "one_cycle(0.1)": one_cycle(0.1),
    "one_cycle(0.1, rise: 0.25, start: 10, end: 100, shape: linear)": one_cycle(0.1, 0.25, 10, 100, line),
    "one_cycle(1)": one_cycle(1),
    "one_cycle(0.1, rise: 0.4, symmetric: true)": one_cycle(0.1, 0.4, symmetric=True),
    "inverse_sqrt(0.1)": inverse_sqrt(0.1),
    "inverse_sqrt(0.1, warmup: epochs(2))": inverse_sqrt(0.1, 11),
}


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "train.npz", x=np.zeros((RECORDS, 1), np.float32))
    (folder / "m.nn").write_text(MODEL % (STEPS, STEPS, len(CASES), STEPS, ",\n    ".join(CASES)))
    subprocess.run([nnc, "m.nn", "-o", "m", "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["./m", "train", "--quiet", "--log", "log.jsonl", "--out", "w.safetensors"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    table, complaints = read_safetensors(folder / "w.safetensors")["table"], []
    rates = [json.loads(line)["lr"] for line in (folder / "log.jsonl").read_text().splitlines() if '"step"' in line]
    columns = list(zip(CASES.items(), table.T)) + [(("the rate in the log", warm_up(cosine(0.5), 6)), rates)]
    for (text, formula), got in columns:
        for step, value in enumerate(got):
            if not math.isclose(value, formula(step), rel_tol=1e-8, abs_tol=1e-15):  # a log has nine digits
                complaints.append(f"{text} is {value:.12g} at step {step}, by its formula {formula(step):.12g}")
    print("\n".join(complaints) or f"{len(columns)} schedules agree at {STEPS} steps")
    return bool(complaints) or len(rates) != STEPS


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
