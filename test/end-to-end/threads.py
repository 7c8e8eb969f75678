# Trains a model with several numbers of threads: weights, states and the logged losses have the same bits.
# usage: threads.py NNC MODEL.nn STEPS FOLDER. Exits 1 with a line per difference.
import subprocess
import sys
from pathlib import Path

THREADS = (1, 2, 3, 7)


def main(nnc, model, steps, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "program"
    subprocess.run([nnc, model, "-o", program], check=True, stdout=subprocess.DEVNULL)
    complaints, first = [], None
    for n in THREADS:
        weights, log = folder / f"{n}.safetensors", folder / f"{n}.jsonl"
        log.unlink(missing_ok=True)
        subprocess.run([program, "train", "--data", "builtin", "--steps", steps, "--threads", str(n), "--out", weights, "--log", log,
                        "--quiet"], check=True, stdout=subprocess.DEVNULL)
        result = weights.read_bytes(), log.read_bytes()
        first = first or result
        if result[0] != first[0]:
            complaints.append(f"{n} threads leave other weights than one")
        if result[1] != first[1]:
            complaints.append(f"{n} threads log other losses than one")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
