# What checkpoints cost: training runs of equal length with and without them, in turn. Wall time, and processor time, which other
# processes disturb less; the validation at the end is in both. Where the cadence is in steps, also what one checkpoint costs.
# usage: checkpoints.py [--steps=N] [--rounds=N] [--every=CADENCE] PROGRAM [OPTION of train...]
import os
import shutil
import subprocess
import sys
import tempfile
import time

settings = {"steps": "1000", "rounds": "3", "every": "60s"}
arguments = sys.argv[1:]
while arguments[0].startswith("--"):
    name, _, value = arguments.pop(0)[2:].partition("=")
    settings[name] = value
program, options = os.path.abspath(arguments[0]), arguments[1:]
kinds = {"wall": 0, "processor": 1}


def run(folder, kept):
    """Seconds of wall and of processor time."""
    where = ["--checkpoint", f"{folder}/run", "--checkpoint-every", settings["every"]] if kept else []
    shutil.rmtree(f"{folder}/run", ignore_errors=True)
    start = time.perf_counter()
    process = subprocess.Popen([program, "train", "--quiet", "--steps", settings["steps"], "--out", f"{folder}/weights", *where, *options],
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, f"{program} failed"
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


with tempfile.TemporaryDirectory(dir=".") as folder:
    taken = {True: [], False: []}
    for number in range(int(settings["rounds"])):
        for kept in (False, True) if number % 2 == 0 else (True, False):
            taken[kept].append(run(folder, kept))
            wall, processor = taken[kept][-1]
            print(f"{'with' if kept else 'without'} checkpoints: {wall:.1f} s, {processor:.1f} s of processor time", flush=True)
for kind, index in kinds.items():
    without, kept = (min(seconds[index] for seconds in taken[key]) for key in (False, True))
    text = f"{kind} time: {100 * (kept / without - 1):.2f} % more with checkpoints"
    if settings["every"].isdigit():
        count = int(settings["steps"]) // int(settings["every"]) + 1
        text += f", {1000 * (kept - without) / count:.0f} ms for each of {count}"
    print(text)
