# How long the frontend takes: the processor time of `nnc check`, the least of some runs, for each program; for a model of one layer,
# which shows what the library costs; and for `nnc --help`, which shows what loading LLVM and MLIR costs.
# usage: frontend.py [--runs=N] NNC PROGRAM.nn...
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def milliseconds(command, runs):
    least = float("inf")
    for _ in range(runs):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        least = min(least, usage.ru_utime + usage.ru_stime)
    return 1000 * least


def main(arguments):
    runs = 20
    if arguments[0].startswith("--runs="):
        runs = int(arguments.pop(0)[len("--runs="):])
    nnc, programs = arguments[0], arguments[1:]
    with tempfile.TemporaryDirectory() as folder:
        smallest = Path(folder) / "smallest.nn"
        smallest.write_text("model M(x: f32[batch, 2]) -> f32[batch, 1] { return x |> Dense(1) }\n")
        start = milliseconds([nnc, "--help"], runs)
        print(f"{'start of the process':32} {start:7.1f} ms")
        for program in [smallest, *map(Path, programs)]:
            name = "library and one layer" if program == smallest else program.name
            print(f"{name:32} {milliseconds([nnc, 'check', program], runs) - start:7.1f} ms")


main(sys.argv[1:])
