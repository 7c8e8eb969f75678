# The hand-written model (TinyModel.cpp) in NumPy and float64, and readers and writers of the file formats that are
# independent of the runtime's. usage: tiny_reference.py PROGRAM FOLDER CHECK; prints "CHECK holds" or fails.
import gzip
import json
import re
import struct
import subprocess
import sys

import numpy as np

PROGRAM, FOLDER, CHECK = sys.argv[1:4]
BATCH = 32


def run(*arguments, expect=0, stdin=None):
    done = subprocess.run([PROGRAM, *arguments], cwd=FOLDER, capture_output=True, text=True, input=stdin)
    assert done.returncode == expect, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if expect == 0 else done.stderr


def path(name):
    return f"{FOLDER}/{name}"


def write_idx(name, array):
    codes = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
    head = bytes([0, 0, codes[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    data = head + array.astype(array.dtype.newbyteorder(">")).tobytes()
    (gzip.open if name.endswith(".gz") else open)(path(name), "wb").write(data)


def read_safetensors(name):
    data = open(path(name), "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    assert length % 8 == 0, "the values begin at a multiple of 8"
    header = json.loads(data[8:8 + length])
    types = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "U8": "u1"}
    tensors, at = {}, 0
    for key, entry in header.items():
        if key != "__metadata__":
            begin, end = entry["data_offsets"]
            assert begin == at, "no gaps"
            at = end
            tensors[key] = np.frombuffer(data[8 + length + begin:8 + length + end], types[entry["dtype"]]).reshape(entry["shape"])
    assert 8 + length + at == len(data)
    return tensors, header.get("__metadata__")


def write_safetensors(name, tensors):
    types = {"float32": "F32", "float64": "F64", "int32": "I32", "int64": "I64", "uint8": "U8"}
    header, at = {}, 0
    for key, array in tensors.items():
        header[key] = {"dtype": types[array.dtype.name], "shape": array.shape, "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    open(path(name), "wb").write(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in tensors.values()))


def records(n, seed):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (n, 28, 28), dtype=np.uint8), random.integers(0, 10, n).astype(np.uint8)


def write_data(train, test, seed=0):
    for prefix, n, s in (("train", train, seed), ("t10k", test, seed + 1)):
        images, labels = records(n, s)
        write_idx(f"{prefix}-images-idx3-ubyte.gz", images)
        write_idx(f"{prefix}-labels-idx1-ubyte", labels)  # unpacked on purpose: the program looks for .gz
    return records(train, seed), records(test, seed + 1)


def flat(images):
    return images.reshape(len(images), 784).astype(np.float64) / 255


def forward(weights, x):
    return x @ weights["dense_1.weight"].astype(np.float64).T + weights["dense_1.bias"]


def losses(logits, labels):
    most = logits.max(1, keepdims=True)
    log_sum = most[:, 0] + np.log(np.exp(logits - most).sum(1))
    return log_sum - logits[np.arange(len(labels)), labels]


def gradients(weights, x, labels):
    logits = forward(weights, x)
    p = np.exp(logits - logits.max(1, keepdims=True))
    d = (p / p.sum(1, keepdims=True) - np.eye(10)[labels]) / len(labels)
    return {"dense_1.weight": d.T @ x, "dense_1.bias": d.sum(0), "image": (d @ weights["dense_1.weight"]).reshape(-1, 1, 28, 28)}


def near(a, b, tolerance=1e-5):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    assert a.shape == b.shape, (a.shape, b.shape)
    assert np.abs(a - b).max() <= tolerance * max(np.abs(b).max(), 1e-30), (a, b)


def check_evaluation():
    """Loss and metrics are exact whatever N mod batch is."""
    for n in (64, 65, 95, 5):
        _, (images, labels) = write_data(100, n)
        run("train", "--steps", "20", "--quiet", "--out", "w.safetensors")
        out = dict(line.split() for line in run("eval", "--quiet", "--weights", "w.safetensors").splitlines())
        logits = forward(read_safetensors("w.safetensors")[0], flat(images))
        near(float(out["loss"]), losses(logits, labels).mean())
        assert abs(float(out["accuracy"]) - (logits.argmax(1) == labels).mean()) < 1e-9, out


def check_training():
    """The first steps in the file's order agree with the reference: loss, rate, weights; epochs straddle batches."""
    (images, labels), _ = write_data(100, 10)
    run("train", "--steps", "1", "--lr", "0", "--quiet", "--out", "w0.safetensors")
    weights = {k: v.astype(np.float64) for k, v in read_safetensors("w0.safetensors")[0].items()}
    run("train", "--steps", "12", "--shuffle=no", "--weights", "w0.safetensors", "--log", "run.jsonl", "--lr", "0.02", "--quiet")
    log = [json.loads(line) for line in open(path("run.jsonl"))]
    steps = [line for line in log if "step" in line]
    images, labels = images[:90], labels[:90]  # validation = tail(0.1)
    velocity = {k: 0 for k in weights}
    for i in range(12):
        rows = [(i * BATCH + row) % 90 for row in range(BATCH)]
        x, y = flat(images[rows]), labels[rows]
        rate = 0.02 * 0.5 * (1 + np.cos(np.pi * i / 12))
        near(steps[i]["loss"], losses(forward(weights, x), y).mean())
        near(steps[i]["lr"], rate)
        grads = gradients(weights, x, y)
        near(steps[i]["grad_norm"], np.sqrt(sum((grads[k]**2).sum() for k in weights)))
        for k in weights:
            velocity[k] = 0.9 * velocity[k] + rate * grads[k]
            weights[k] = weights[k] - velocity[k]
    for k, v in read_safetensors(PROGRAM.split("/")[-1] + ".safetensors")[0].items():
        near(v, weights[k], 2e-5)
    # Validation at each border of an epoch of 90: after steps 3, 6, 9 (the borders lie at 2.8, 5.6, 8.4, 11.25) and 12.
    assert [line["epoch"] for line in log if "epoch" in line] == [1, 2, 3, 4], log
    assert [i for i, line in enumerate(log) if "epoch" in line] == [3, 7, 11, 15], log


def check_gradients():
    """Loss and gradients from records, from inputs, and from the data folder; dropout-free, so all three agree."""
    (images, labels), _ = write_data(100, 10)
    run("train", "--steps", "1", "--quiet", "--out", "w.safetensors")
    weights = read_safetensors("w.safetensors")[0]
    x, y = images[:BATCH], labels[:BATCH].astype(np.int32)
    write_safetensors("records.safetensors", {"image": x.reshape(-1, 1, 28, 28), "label": y})
    np.savez_compressed(path("inputs.npz"), label=y.astype(np.int64), image=(x.reshape(-1, 1, 28, 28) / 255).astype(np.float32))
    want = gradients(weights, flat(x), y)
    for data in ("records.safetensors", "inputs.npz", "."):
        out = run("gradients", "--data", data, "--weights", "w.safetensors", "--out", "g.safetensors")
        got = read_safetensors("g.safetensors")[0]
        assert list(got) == ["loss", "d/dense_1.weight", "d/dense_1.bias", "d/image"]
        near(got["loss"], losses(forward(weights, flat(x)), y).mean())
        near(float(out.split()[1]), got["loss"])
        for k, v in want.items():
            near(got["d/" + k], v)


def check_predict():
    """Records and inputs of every format give the same outputs; a sole record needs no batch dimension."""
    _, (images, labels) = write_data(100, 70)
    run("train", "--steps", "20", "--quiet")
    weights = read_safetensors(PROGRAM.split("/")[-1] + ".safetensors")[0]
    inputs = (images.reshape(-1, 1, 28, 28) / 255).astype(np.float32)
    want = forward(weights, flat(images))
    np.save(path("records.npy"), images)
    np.save(path("inputs.npy"), inputs)
    np.save(path("one.npy"), images[3])
    np.savez(path("records.npz"), image=images)
    write_safetensors("inputs.safetensors", {"image": inputs})
    write_idx("records.idx", images)
    for name in ("records.npy", "inputs.npy", "records.npz", "inputs.safetensors", "records.idx", "t10k-images-idx3-ubyte.gz"):
        lines = [json.loads(line) for line in run("predict", name).splitlines()]
        assert [line["record"] for line in lines] == list(range(70))
        near([line["digit"] for line in lines], want)
        assert [line["class"] for line in lines] == list(want.argmax(1))
        assert lines[0]["name"] == "zero one two three four five six seven eight nine".split()[want[0].argmax()]
    lines = [json.loads(line) for line in run("predict", "one.npy", "records.npy").splitlines()]
    assert len(lines) == 71 and lines[0]["file"] == "one.npy" and lines[1]["file"] == "records.npy"
    near(lines[0]["digit"], want[3])
    assert run("predict", "one.npy", "records.npy", "--out", "y.jsonl") == ""
    assert [json.loads(line) for line in open(path("y.jsonl"))] == lines
    assert run("predict", "records.npy", "one.npy", "--out", "y.npy") == ""
    near(np.load(path("y.npy")), np.concatenate([want, want[3:4]]))


def check_bench():
    """The loss of bench's first step is train's on the same batch; the protocol's answers are JSON."""
    write_data(100, 10)
    for place in (["--data", "."], ["--data", "builtin"]):
        run("train", "--steps", "1", "--quiet", "--log", "run.jsonl", *place)
        loss = json.loads(open(path("run.jsonl")).readline())["loss"]
        ready, times, info = (json.loads(l) for l in run("bench", *place, stdin="RUN 7\nINFO\nQUIT\n").splitlines())
        assert ready["ready"] is True and ready["peer"] == "nnc" and times["t"] and all(t > 0 for t in times["t"])
        assert info["loss1"] == loss, (info, loss)
        assert info["flops"] == 2 * 2 * 7840 * BATCH and info["rss_mib"] > 1 and info["steps"] >= 9
    ready, info = (json.loads(l) for l in run("bench", "--entry", "predict", stdin="INFO\n").splitlines())
    assert info["flops"] == 2 * 7840 * BATCH


def check_report():
    """metrics.json and confusion.csv say what eval says."""
    _, (images, labels) = write_data(100, 70)
    run("train", "--steps", "20", "--quiet", "--out", "w.safetensors")
    run("eval", "--weights", "w.safetensors", "--report", "r")
    predicted = forward(read_safetensors("w.safetensors")[0], flat(images)).argmax(1)
    rows = [line.split(",") for line in open(path("r/confusion.csv")).read().splitlines()]
    assert rows[0][:3] == ["target", "zero", "one"] and rows[1][0] == "zero"
    want = np.zeros((10, 10), int)
    np.add.at(want, (labels, predicted), 1)
    assert (np.array([row[1:] for row in rows[1:]], int) == want).all()
    metrics = json.load(open(path("r/metrics.json")))
    assert metrics["records"] == 70 and abs(metrics["accuracy"] - (predicted == labels).mean()) < 1e-9


def check_terminal():
    """A terminal gets a bar with epoch, step, loss, speed and remaining time, which the lines of the epochs replace."""
    import os
    import pty
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(FOLDER)
        os.execv(PROGRAM, [PROGRAM, "train", "--data", "builtin", "--epochs", "1"])
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:  # the terminal is closed
        pass
    assert os.waitpid(pid, 0)[1] == 0
    bars = re.findall(r"\r\x1b\[Kepoch 1/1  step \d+/\d+ \[=* *\]  loss [0-9.]+  \d+ samples/s  ETA \d+:\d\d", shown.decode())
    assert len(bars) > 2, shown
    # What stays on the screen: every line as its last overwriting left it.
    stays = [line.split("\x1b[K")[-1].rstrip("\r") for line in shown.decode().split("\r\n")]
    assert re.match(r"epoch 1/1  step 1688/1688  loss [0-9.]+  val_loss [0-9.]+  accuracy 0[0-9.]+  \d+ samples/s$", stays[2]), stays
    assert stays[3] == "wrote " + PROGRAM.split("/")[-1] + ".safetensors", stays


if __name__ == "__main__":
    globals()["check_" + CHECK]()
    print(CHECK, "holds")
