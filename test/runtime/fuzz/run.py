"""Runs the reader's fuzzer without libFuzzer: what has been found before (FOUND/READER.NAME), then mutations of the seeds.

   run.py FUZZ-READERS SEEDS FOUND RUNS
"""
import os
import subprocess
import sys
from pathlib import Path

program, seeds, found, runs = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
for reader in sorted(path.name for path in seeds.iterdir()):
    inputs = sorted((seeds / reader).iterdir()) + sorted(found.glob(f"{reader}.*"))
    done = subprocess.run([program, f"--runs={runs}", *inputs], env=dict(os.environ, NNC_FUZZ_READER=reader), capture_output=True, text=True)
    print(f"{reader}: {done.stdout.strip()}")
    if done.returncode:
        sys.exit(f"{reader}: status {done.returncode}\n{done.stderr[-4000:]}")
