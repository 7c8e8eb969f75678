# What checkpoints cost: two training runs of equal length, one with and one without them, which the machine has in turn, half
# a second each: its moods are those of both. The validation at the end is in both. The cadence is in steps.
# usage: checkpoints.py [--steps=N] [--every=STEPS] PROGRAM [OPTION of train...]
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time

settings = {"steps": "1000", "every": "200"}
arguments = sys.argv[1:]
while arguments[0].startswith("--"):
    name, _, value = arguments.pop(0)[2:].partition("=")
    settings[name] = value
program, options = os.path.abspath(arguments[0]), arguments[1:]

with tempfile.TemporaryDirectory(dir=".") as folder:
    processes, taken = {}, {"without": 0.0, "with": 0.0}
    for kind in taken:
        where = ["--checkpoint", f"{folder}/run", "--checkpoint-every", settings["every"]] if kind == "with" else []
        processes[kind] = subprocess.Popen([program, "train", "--quiet", "--steps", settings["steps"], "--out", f"{folder}/{kind}",
                                            *where, *options], stdout=subprocess.DEVNULL)
        processes[kind].send_signal(signal.SIGSTOP)
    for kind in itertools.cycle(taken):
        process = processes[kind]
        if process.returncode is None:
            start = time.perf_counter()
            process.send_signal(signal.SIGCONT)
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGSTOP)
            taken[kind] += time.perf_counter() - start
            assert not process.returncode, f"{program} failed"
        elif all(other.returncode is not None for other in processes.values()):
            break
for kind, seconds in taken.items():
    print(f"{kind} checkpoints: {seconds:.1f} s")
count = int(settings["steps"]) // int(settings["every"])
print(f"{100 * (taken['with'] / taken['without'] - 1):.2f} % more with checkpoints, {1000 * (taken['with'] - taken['without']) / count:.0f} ms"
      f" for each of {count}, one every {taken['without'] / count:.1f} s")
