# The binary batches of CIFAR-10, in small, against NumPy. usage: cifar_data.py NNC CIFAR.nn FOLDER
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

nnc, model, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
random = np.random.default_rng(5)
batches = folder / "cifar-10-batches-bin"
batches.mkdir()


def run(*command, status=0):
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert result.returncode == status, f"{command}: {result.stderr}"
    return result.stdout if status == 0 else result.stderr


def arrays(path):
    raw = (folder / path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    return [np.frombuffer(raw[8 + length:][slice(*header[f"dense_1.{name}"]["data_offsets"])], "<f4").astype(float)
            for name in ("weight", "bias")]


def make(name, count):
    records = random.integers(0, 256, (count, 3073), np.uint8)
    records[:, 0] %= 10
    (batches / name).write_bytes(records.tobytes())
    return records


def expected(records, path):
    weight, bias = arrays(path)
    logits = records[:, 1:] / 255 @ weight.reshape(10, -1).T + bias
    loss = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(records)), records[:, 0]]
    return loss.mean(), (logits.argmax(1) == records[:, 0]).mean()


def evaluated(output):
    values = dict(line.split() for line in output.splitlines() if line.startswith(("loss ", "accuracy ")))
    return float(values["loss"]), float(values["accuracy"])


run(nnc, model, "-o", "cifar")
train = [make(f"data_batch_{i}.bin", 3 + i) for i in (1, 2, 3, 4, 5)]
test = make("test_batch.bin", 11)
log = run("./cifar", "train", "--data", ".", "--log", "run.jsonl")
assert "30 records, 12 to validate" in log, log
np.testing.assert_allclose(evaluated(run("./cifar", "eval", "--data", ".")), expected(test, "cifar.safetensors"), rtol=1e-5)
validated = json.loads((folder / "run.jsonl").read_text().splitlines()[-1])
want = expected(np.concatenate([train[1], train[3]]), "cifar.safetensors")
np.testing.assert_allclose((validated["val_loss"], validated["accuracy"]), want, rtol=1e-5)
# Without shuffling, the first batch is the first records: its loss is that of the weights before the step.
source = Path(model).read_text().replace("validation = ", "//").replace("lr: 0.01", "lr: 1e-30")
(folder / "still.nn").write_text(source)
run(nnc, "still.nn", "-o", "still")
run("./still", "train", "--data", ".", "--shuffle", "no", "--log", "still.jsonl", "--out", "still.safetensors")
losses = [json.loads(line)["loss"] for line in (folder / "still.jsonl").read_text().splitlines() if "loss" in line and "step" in line]
stream = np.concatenate(train + train)[:32].reshape(8, 4, 3073)  # the last batch goes on with the next epoch
np.testing.assert_allclose(losses, [expected(batch, "still.safetensors")[0] for batch in stream], rtol=1e-5)

(batches / "data_batch_3.bin").write_bytes(train[2].tobytes()[:-1])
error = run("./cifar", "train", "--data", ".", status=1)
assert error == ("cifar: error: ./cifar-10-batches-bin/data_batch_3.bin: holds 18437 bytes, which is no multiple of 3073 (a label and "
                 "3 x 32 x 32 pixels): it is cut off, or it is not the binary version of CIFAR-10\n"), error
train[2][1, 0] = 10
(batches / "data_batch_3.bin").write_bytes(train[2].tobytes())
error = run("./cifar", "train", "--data", ".", status=1)
assert error == ("cifar: error: ./cifar-10-batches-bin/data_batch_3.bin: record 1 holds the label 10, the model takes 0 to 9: "
                 "correct the data, or the model's number of classes\n"), error
(batches / "data_batch_3.bin").unlink()
error = run("./cifar", "train", "--data", ".", status=1)
assert error == "cifar: error: there is no file './cifar-10-batches-bin/data_batch_3.bin': --data names the folder '.'\n", error
