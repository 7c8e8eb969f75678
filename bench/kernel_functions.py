#!/usr/bin/env python3
"""What direct implementations of kernel functions gain: programs built with the library, and with a copy of it in which
`kernel fn` is `fn`, so that bodies are compiled, timed in turn. The shortest step of each counts.

   bench/kernel_functions.py [--nnc build/bin/nnc] [--threads 1] [--rounds 9]
"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = {
    "gpt, context 64": ("../examples/gpt.nn", {}, "train"),
    "gpt, context 256": ("../examples/gpt.nn", {"context": 256}, "train"),
    "gpt, context 512": ("../examples/gpt.nn", {"context": 512}, "train"),
    "encoder of padded sequences, time 256": ("encoder.nn", {}, "train"),
    "encoder of padded sequences, time 512": ("encoder.nn", {"time": 512}, "train"),
    "softmax, 1024 rows of 512": ("rows.nn", {"rows": 1024, "classes": 512}, "predict"),
    "softmax, 256 rows of 4000": ("rows.nn", {"rows": 256, "classes": 4000}, "predict"),
    "layer_norm, 2048 rows of 64": ("norms.nn", {"features": 64}, "train"),
    "layer_norm, 2048 rows of 256": ("norms.nn", {"features": 256}, "train"),
    "layer_norm, 2048 rows of 1024": ("norms.nn", {"features": 1024}, "train"),
}


def plain_library(folder):
    for path in (HERE.parent / "stdlib").glob("*.nn"):
        (folder / path.name).write_text(path.read_text().replace("\nkernel fn ", "\nfn "))


def fastest(commands, rounds):
    """The shortest of all steps, in seconds, for each command; they run in turn, three steps at a time."""
    workers = [subprocess.Popen(c, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for c in commands]
    times = [[] for _ in workers]
    for worker in workers:
        worker.stdout.readline()
    for r in range(rounds):
        for worker, seen in list(zip(workers, times))[::1 if r % 2 else -1]:
            worker.stdin.write("RUN 3\n")
            seen += json.loads(worker.stdout.readline())["t"]
    for worker in workers:
        worker.communicate("QUIT\n")
    return [min(seen) for seen in times]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--nnc", default=str(HERE.parent / "build/bin/nnc"))
    options.add_argument("--threads", default="1")
    options.add_argument("--rounds", type=int, default=9)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = folder / "stdlib"
        plain.mkdir()
        plain_library(plain)
        for title, (program, constants, entry) in CASES.items():
            commands, arenas = [], []
            for kind, library in ("direct", []), ("bodies", [f"--stdlib={plain}"]):
                out = folder / kind
                made = subprocess.run([given.nnc, HERE / program, "-o", out, *library, *(f"-D{k}={v}" for k, v in constants.items())],
                                      check=True, capture_output=True, text=True)
                arenas.append(next(int(line.split()[1]) for line in made.stdout.splitlines() if line.startswith("arena")))
                commands.append([str(out), "bench", "--threads", given.threads, "--entry", entry])
            direct, bodies = fastest(commands, given.rounds)
            print(json.dumps({"case": title, "direct_ms": round(1e3 * direct, 3), "bodies_ms": round(1e3 * bodies, 3),
                              "times": round(bodies / direct, 2), "direct_arena": arenas[0], "bodies_arena": arenas[1]}), flush=True)


if __name__ == "__main__":
    main()
