#!/usr/bin/env python3
"""What a recurrent training program of 1,000 steps costs to compile, against one of 10: instructions of nnc, seconds, bytes.

   bench/compile_scan.py [--nnc build/bin/nnc]
"""
import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = """model Recurrent(x: f32[batch, {steps}, 32]) {{ return x |> LSTM(64) |> Dense(10) }}

train Recurrent {{
  data      = npz("data.npz", x: f32[batch, {steps}, 32], label: i32[batch])
  input     = x
  target    = label
  batch     = 32
  epochs    = 1
  loss      = cross_entropy
  optimizer = Adam()
}}
"""

options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--nnc", default=os.path.join(HERE, "..", "build", "bin", "nnc"))
nnc = options.parse_args().nnc
with tempfile.TemporaryDirectory() as folder:
    rows = []
    for steps in (10, 1000):
        model, result = os.path.join(folder, f"t{steps}.nn"), os.path.join(folder, f"t{steps}.o")
        with open(model, "w") as file:
            file.write(MODEL.format(steps=steps))
        command = [nnc, model, "--emit=obj", "-o", result]
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - start)
        instructions = 0
        if shutil.which("valgrind"):
            tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
            words = subprocess.run(tool + command, check=True, capture_output=True, text=True).stderr
            instructions = int(re.search(r"refs:\s+([\d,]+)", words)[1].replace(",", ""))
        rows.append((os.path.getsize(result), min(seconds), instructions))
        print(f"{steps:5} steps: {rows[-1][0]} bytes, {min(seconds):.3f} s (least of 5), {instructions} instructions")
    print("1,000 against 10 steps:", ", ".join(f"{name} x {b / a:.3f}" for name, a, b in zip(
        ("bytes", "seconds", "instructions"), rows[0], rows[1]) if a))
