"""The stripped program of LeNet has 1.5 MB at most; while it trains, its memory is the arena, the records and 8 MiB at most: on
built-in digits, on IDX files, and on gzip files that hardly pack anything, with one thread and with three.

   size.py PROGRAM STRIPPED
"""
import gzip
import os
import random
import re
import subprocess
import sys
import time

RECORDS, PIXELS = 30000, 28 * 28
program, stripped = (os.path.abspath(name) for name in sys.argv[1:])
assert os.path.getsize(stripped) <= 1_500_000, os.path.getsize(stripped)
arena = int(re.search(r"^ *arena +(\d+)", subprocess.run([program, "info"], capture_output=True, text=True, check=True).stdout, re.M)[1])


def write(folder, opener, ending):
    os.makedirs(folder, exist_ok=True)
    draw = random.Random(1)
    head = lambda code, *shape: bytes([0, 0, code, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)
    with opener(f"{folder}/train-images-idx3-ubyte{ending}", "wb") as file:
        file.write(head(8, RECORDS, 28, 28) + draw.randbytes(RECORDS * PIXELS))
    with opener(f"{folder}/train-labels-idx1-ubyte{ending}", "wb") as file:
        file.write(head(8, RECORDS) + bytes(i % 10 for i in range(RECORDS)))


def peak(*options):
    """The most resident memory of a run, in bytes."""
    process = subprocess.Popen([program, "train", "--quiet", "--out", "w.safetensors", *options], stdout=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        try:
            status = open(f"/proc/{process.pid}/status").read()
        except (FileNotFoundError, ProcessLookupError):
            break
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        if found and status.startswith(f"Name:\t{os.path.basename(program)}\n"):  # not this process before it became the program
            most = max(most, 1024 * int(found[1]))
        time.sleep(0.002)
    assert process.wait() == 0
    return most


write("plain", open, "")
write("packed", lambda name, mode: gzip.open(name, mode, compresslevel=1), ".gz")
for data, records, length in (("builtin", 60000 * PIXELS, "--steps=300"), ("plain", RECORDS * (PIXELS + 5), "--epochs=1"),
                              ("packed", RECORDS * (PIXELS + 5), "--epochs=1")):
    for threads in "1", "3":
        used = peak("--data", data, "--threads", threads, length)
        beside = used - arena - records
        print(f"{data}, {threads} threads: {used / 2**20:.1f} MiB, {beside / 2**20:.1f} MiB beside the arena and the records")
        assert used > arena / 2 and beside <= 8 << 20, beside
