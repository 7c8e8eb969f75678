# Trains a model on built-in digits here and, compiled for AArch64, under an emulator: losses and weights agree.
# usage: aarch64.py NNC MODEL.nn STEPS FOLDER EMULATOR... Exits 1 with a line per difference.
import json
import subprocess
import sys
from pathlib import Path

from first_twenty_steps import read_safetensors
import numpy as np


def train(nnc, model, steps, folder, target, emulator):
    program, weights, log = (folder / (target + end) for end in ("", ".safetensors", ".jsonl"))
    log.unlink(missing_ok=True)
    subprocess.run([nnc, f"--target={target}", "--threads=none", "-Dbatch=16", model, "-o", program], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*emulator, program, "train", "--data", "builtin", "--steps", steps, "--out", weights, "--log", log, "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line["loss"] for line in lines if "step" in line], read_safetensors(weights)


def main(nnc, model, steps, folder, *emulator):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    losses, weights = train(nnc, model, steps, folder, "host", [])
    emulated, others = train(nnc, model, steps, folder, "aarch64", emulator)
    complaints = []
    if not len(losses) == len(emulated) == int(steps) or set(weights) != set(others):
        complaints.append("the two programs log other steps or write other weights")
    for step, (wanted, got) in enumerate(zip(losses, emulated), 1):
        if not abs(got - wanted) <= 1e-4 * abs(wanted):
            complaints.append(f"step {step}: loss {got:.9g}, here {wanted:.9g}")
    for name, wanted in weights.items():
        error = np.max(np.abs(others[name] - wanted)) / np.max(np.abs(wanted))
        if not error <= 1e-3:
            complaints.append(f"{name}: differs by {error:.1e} of its largest element")
    if len(set(losses)) < len(losses):
        complaints.append("the loss does not move")
    print("\n".join(complaints) or f"{steps} steps agree, loss from {losses[0]} to {losses[-1]}")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
