# How long a program takes from its start to the end of its first training step: built-in data, IDX files, gzip files (which are
# unpacked first). The least and the median of some runs, and the least processor time of a whole run of one step.
# usage: start.py [--runs=N] PROGRAM [FOLDER...]   (a program for MNIST's files, folders that hold them)
import os
import statistics
import subprocess
import sys
import tempfile
import time


def first_step(program, data, folder):
    """Seconds until the first step stands in the log, and of processor time in all."""
    log = os.path.join(folder, "log")
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    start = time.perf_counter()
    process = subprocess.Popen([program, "train", "--data", data, "--steps", "1", "--quiet", "--threads", "1", "--log", log, "--out",
                                os.path.join(folder, "weights")], stdout=subprocess.DEVNULL)
    text = b""
    while b"\n" not in text:
        try:
            text += os.read(reader, 4096)
        except BlockingIOError:
            pass
        if not text:
            time.sleep(0.0002)
    seconds = time.perf_counter() - start
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    os.close(reader)
    assert status == 0, f"{program} failed"
    return seconds, usage.ru_utime + usage.ru_stime


def main(arguments):
    runs = 20
    if arguments[0].startswith("--runs="):
        runs = int(arguments.pop(0)[len("--runs="):])
    program = os.path.abspath(arguments[0])
    with tempfile.TemporaryDirectory() as folder:
        os.mkfifo(os.path.join(folder, "log"))
        for data in ["builtin", *arguments[1:]]:
            times, processor = zip(*(first_step(program, data, folder) for _ in range(runs)))
            print(f"{data:40} {1000 * min(times):7.1f} ms (median {1000 * statistics.median(times):.1f}), "
                  f"{1000 * min(processor):.1f} ms of processor time")


main(sys.argv[1:])
