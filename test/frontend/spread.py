# What `nnc check --explain` computes of the initialised network agrees with what networks do: the deviation of each layer's products
# within a factor of 1.5 of what is measured, over eight initialisations; behind a few layers one alone is off by chance.
# usage: spread.py NNC PROGRAM.nn FOLDER
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

nnc, program, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
folder.mkdir(parents=True, exist_ok=True)
explained = subprocess.run([nnc, "check", "--explain", program], capture_output=True, text=True, check=True).stderr
computed = {layer.split(".")[0]: float(deviation) for layer, deviation in
            re.findall(r"the products of `([\w.]+)` start with the mean \S+ and the deviation (\S+)", explained)}
subprocess.run([nnc, program, "-o", folder / "spread"], check=True, stdout=subprocess.DEVNULL)
run = lambda *arguments: subprocess.run([folder / "spread", *arguments], check=True, capture_output=True, text=True).stdout
normal = np.random.default_rng(7).standard_normal
inputs = {"x": normal((64, 64)).astype("f4"), "image": normal((64, 3, 16, 16)).astype("f4"),
          "steps": normal((64, 10, 24)).astype("f4"), "tokens": np.random.default_rng(3).integers(0, 50, (64, 10)).astype("i4")}
text = Path(program).read_text()
np.savez(folder / "in.npz", **{name: values for name, values in inputs.items() if f" {name}: " in text or f"({name}: " in text})
networks = []
for seed in range(8):
    run("train", "--lr", "0", "--steps", "1", "--quiet", "--seed", str(seed), "--out", folder / "start.safetensors")
    networks.append([json.loads(line) for line in
                     run("predict", folder / "in.npz", "--weights", folder / "start.safetensors").splitlines()])
failures = 0
names = [key for key in networks[0][0] if len(key) == 1]
for name in names:
    measured = np.sqrt(np.mean([np.var(np.array([record[name] for record in records], dtype="f8")) for records in networks]))
    ratio = computed[name] / measured
    print(f"{name}: computed {computed[name]:.3g}, measured {measured:.3g}, ratio {ratio:.2f}")
    failures += not 1 / 1.5 < ratio < 1.5
sys.exit(failures != 0 or len(names) < 12)
