"""live_log.py NNC: a run whose steps take tenths of a second has lines in its log long before they fill a buffer, or its epoch ends."""
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

epoch, buffer = 64, 4096
np.savez("data.npz", x=np.ones((1024 * epoch, 8), np.float32), y=np.zeros((1024 * epoch, 1), np.float32))
Path("slow.nn").write_text("""model M(x: f32[batch, 8]) -> f32[batch, 1] { return x |> Dense(2048) |> Dense(2048) |> Dense(2048) |> Dense(1) }
train M {
  data      = npz("data.npz", x: f32[batch, 8], y: f32[batch, 1])
  batch     = 1024
  epochs    = 100000
  loss      = mse
  optimizer = SGD(lr: 1e-3)
}
""")
subprocess.run([sys.argv[1], "slow.nn", "-o", "slow"], check=True, stdout=subprocess.DEVNULL)
log = Path("log.jsonl")
run = subprocess.Popen(["./slow", "train", "--threads", "1", "--log", "log.jsonl"], stdout=subprocess.DEVNULL)
began = time.monotonic()
while (text := log.read_text() if log.exists() else "").count("\n") < 5:
    assert run.poll() is None and time.monotonic() - began < 120, text
    time.sleep(0.05)
run.kill()
run.wait()
steps = [json.loads(line) for line in text.splitlines() if '"step"' in line]
assert [line["step"] for line in steps] == list(range(1, len(steps) + 1)), text
assert len(steps) < epoch and len(text) < buffer, len(text)
