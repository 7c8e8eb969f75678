# On a terminal a program says how far it is with unpacking, and takes that line away; in a pipe it says nothing of it.
# usage: unpacking.py PROGRAM FOLDER
import gzip
import os
import pty
import random
import struct
import subprocess
import sys
from pathlib import Path

program, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
records = 60000
draw = random.Random(1)
sheet = bytes(draw.choices(range(12), k=1 << 20))  # twelve shades: deflate has to look at every bit
pixels = (sheet * (records * 784 // len(sheet) + 1))[:records * 784]
for name, shape, content in (("train-images-idx3-ubyte", (records, 28, 28), pixels),
                             ("train-labels-idx1-ubyte", (records,), bytes(records))):
    header = bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    (folder / f"{name}.gz").write_bytes(gzip.compress(header + content, 1))
command = [program, "train", "--data", ".", "--steps", "2", "--out", "w.safetensors"]

piped = subprocess.run(command, cwd=folder, capture_output=True)
assert piped.returncode == 0 and b"unpacking" not in piped.stdout + piped.stderr, piped

reader, terminal = pty.openpty()
process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=terminal)
os.close(terminal)
text = b""
try:
    while chunk := os.read(reader, 4096):
        text += chunk
except OSError:  # the terminal is closed
    pass
assert process.wait() == 0
lines = text.split(b"\r\x1b[K")
assert any(line.startswith(b"unpacking ./train-images-idx3-ubyte.gz: ") and line.endswith(b" %") for line in lines), text
assert lines[-1] == b"", text
