# Several inputs and targets, against NumPy: evaluation, prediction from records and from inputs. usage: two_inputs.py NNC MODEL.nn FOLDER
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

nnc, model, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
random = np.random.default_rng(11)


def run(*command):
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}: {result.stderr}"
    return result.stdout


def records(path, count):
    data = dict(a=random.integers(0, 256, (count, 3), np.uint8), b=random.normal(size=(count, 2)).astype(np.float32),
                sum=random.normal(size=(count, 1)).astype(np.float32), label=random.integers(0, 4, count).astype(np.int32))
    np.savez(folder / path, **data)
    return data


def outputs(left, right):
    raw = (folder / "two.safetensors").read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    array = lambda name: np.frombuffer(raw[8 + length:][slice(*header[name]["data_offsets"])], "<f4").astype(float).reshape(
        header[name]["shape"])
    both = np.concatenate([left, right], 1)
    return [both @ array(f"dense_{i}.weight").T + array(f"dense_{i}.bias") for i in (1, 2)]


run(nnc, model, "-o", "two")
records("train.npz", 21)
test = records("test.npz", 10)
run("./two", "train", "--data", ".", "--quiet")
total, kind = outputs(test["a"] / 255, test["b"])
loss = ((total - test["sum"]) ** 2).mean() + 0.5 * (
    np.log(np.exp(kind).sum(1)) - kind[np.arange(10), test["label"]]).mean()
got = float(run("./two", "eval", "--data", ".", "--quiet").split()[1])
np.testing.assert_allclose(got, loss, rtol=1e-5)
np.savez(folder / "inputs.npz", left=(test["a"] / 255).astype(np.float32), right=test["b"])
for given in ("test.npz", "inputs.npz"):
    lines = [json.loads(line) for line in run("./two", "predict", given).splitlines()]
    np.testing.assert_allclose([line["total"] for line in lines], total, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose([line["kind"] for line in lines], kind, rtol=1e-4, atol=1e-5)
