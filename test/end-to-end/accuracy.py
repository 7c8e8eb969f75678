# Trains a model from several seeds and compares the accuracies of its test data with bounds.
# usage: accuracy.py NNC MODEL.nn DATA EPOCHS FOLDER [--seeds 0 1 2] [--each X] [--median X] [--below X]
#   DATA is a folder or `builtin`; --each, --median: least accuracies; --below: all lie under it. Exits 1 where one does not.
import argparse
import re
import statistics
import subprocess
from pathlib import Path


def accuracy(program, data, epochs, seed, weights):
    subprocess.run([program, "train", "--data", data, "--epochs", epochs, "--seed", seed, "--out", weights, "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([program, "eval", "--data", data, "--weights", weights, "--quiet"], check=True, capture_output=True, text=True)
    return float(re.search(r"^accuracy ([0-9.]+)$", said.stdout, re.M)[1])


def main():
    parser = argparse.ArgumentParser()
    for name in ("nnc", "model", "data", "epochs"):
        parser.add_argument(name)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", nargs="+", default=["0"])
    for name in ("--each", "--median", "--below"):
        parser.add_argument(name, type=float)
    a = parser.parse_args()
    a.folder.mkdir(parents=True, exist_ok=True)
    program = a.folder / "program"
    subprocess.run([a.nnc, a.model, "-o", program], check=True, stdout=subprocess.DEVNULL)
    found = [accuracy(program, a.data, a.epochs, seed, a.folder / f"{seed}.safetensors") for seed in a.seeds]
    print("accuracies:", *found)
    complaints = []
    if a.each is not None and min(found) < a.each:
        complaints.append(f"one is below {a.each}")
    if a.median is not None and statistics.median(found) < a.median:
        complaints.append(f"their median is below {a.median}")
    if a.below is not None and max(found) >= a.below:
        complaints.append(f"one is not below {a.below}")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main())
