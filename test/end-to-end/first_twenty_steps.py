# Trains 20 steps from given weights and batches, once with a compiled program and once with nets.py in float64, and compares:
# each loss to 1e-5 relative, each tensor of weights and states to 2e-5 of its largest element.
# usage: first_twenty_steps.py NNC MODEL.nn (mlp|lenet|batchnorm) FOLDER. Exits 1 with one line per difference.
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

# BLAS threads that spin help nobody on a machine that runs other tests too.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np

import nets
from safetensors_file import read_safetensors, write_safetensors

STEPS = 20


def dense(rng, path, units, inputs):
    return {path + ".weight": rng.uniform(-1, 1, (units, inputs)) * np.sqrt(3 / inputs), path + ".bias": rng.normal(0, 0.1, units)}


def convolution(rng, path, *shape, bias=True):
    weights = {path + ".weight": rng.uniform(-1, 1, shape) * np.sqrt(3 / np.prod(shape[1:]))}
    return weights | ({path + ".bias": rng.normal(0, 0.1, shape[0])} if bias else {})


def mlp(rng):
    layers = [nets.Flatten(), nets.Dense("dense_1"), nets.Relu(), nets.Dense("dense_2"), nets.Relu(), nets.Dense("dense_3")]
    weights = dense(rng, "dense_1", 128, 784) | dense(rng, "dense_2", 64, 128) | dense(rng, "dense_3", 10, 64)
    return layers, weights, nets.Adam(lambda step: 1e-3), 32


def lenet(rng):
    layers = [nets.Conv2d("conv2d_1", pad=2), nets.Tanh(), nets.AvgPool(2), nets.Conv2d("conv2d_2"), nets.Tanh(), nets.AvgPool(2),
              nets.Flatten(), nets.Dense("dense_1"), nets.Tanh(), nets.Dense("dense_2"), nets.Tanh(), nets.Dense("dense_3")]
    weights = (convolution(rng, "conv2d_1", 6, 1, 5, 5) | convolution(rng, "conv2d_2", 16, 6, 5, 5) |
               dense(rng, "dense_1", 120, 400) | dense(rng, "dense_2", 84, 120) | dense(rng, "dense_3", 10, 84))
    return layers, weights, nets.Momentum(nets.cosine(0.05, STEPS), 0.9), 64


def batchnorm(rng):
    layers = [nets.Conv2d("conv2d_1", pad=1, bias=False), nets.BatchNorm("batch_norm_1"), nets.Relu(), nets.AvgPool(4), nets.Flatten(),
              nets.Dense("dense_1")]
    norm = {"weight": rng.uniform(0.5, 1.5, 8), "bias": rng.normal(0, 0.1, 8), "running_mean": np.zeros(8), "running_var": np.ones(8)}
    weights = (convolution(rng, "conv2d_1", 8, 1, 3, 3, bias=False) | {f"batch_norm_1.{k}": v for k, v in norm.items()} |
               dense(rng, "dense_1", 10, 8 * 7 * 7))
    return layers, weights, nets.Adam(lambda step: 1e-3), 32


def write_idx(path, array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))


def reference(layers, weights, optimizer, images, labels, batch):
    """The losses of all steps; `weights` are trained."""
    losses = []
    for step in range(STEPS):
        rows = slice(step * batch, (step + 1) * batch)
        loss, gradients = nets.loss_and_gradients(layers, weights, images[rows, None] / 255.0, labels[rows])
        optimizer.update(weights, gradients, step)
        losses.append(loss)
    return losses


def differences(losses, weights, logged, trained):
    if len(logged) != len(losses):
        yield f"{len(logged)} steps in the log where {len(losses)} were asked for"
    for step, (wanted, got) in enumerate(zip(losses, logged), 1):
        if not abs(got - wanted) <= 1e-5 * abs(wanted):
            yield f"step {step}: loss {got:.9g}, in float64 {wanted:.9g}"
    for name, wanted in weights.items():
        if name not in trained:
            yield f"{name} is not in the trained weights"
            continue
        error = np.max(np.abs(trained[name] - wanted)) / np.max(np.abs(wanted))
        if not error <= 2e-5:
            yield f"{name}: differs by {error:.1e} of its largest element"


def main(nnc, model, net, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    layers, weights, optimizer, batch = {"mlp": mlp, "lenet": lenet, "batchnorm": batchnorm}[net](rng)
    # What the program starts from is what fits into f32.
    weights = {name: value.astype(np.float32).astype(np.float64) for name, value in weights.items()}
    images = rng.integers(0, 256, (STEPS * batch, 28, 28)) * (rng.random((STEPS * batch, 28, 28)) < 0.4)
    labels = rng.integers(0, 10, STEPS * batch)
    write_safetensors(folder / "init.safetensors", weights)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)

    program = folder / net
    subprocess.run([nnc, model, "-o", program], check=True)
    (folder / "log.jsonl").unlink(missing_ok=True)
    subprocess.run([program, "train", "--data", folder, "--weights", folder / "init.safetensors", "--shuffle=no", "--steps", str(STEPS),
                    "--log", folder / "log.jsonl", "--out", folder / "trained.safetensors", "--quiet"], check=True)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    logged = [line["loss"] for line in lines if "step" in line]

    losses = reference(layers, weights, optimizer, images, labels, batch)
    complaints = list(differences(losses, weights, logged, read_safetensors(folder / "trained.safetensors")))
    print("\n".join(complaints) or f"{net}: {STEPS} steps agree with float64, loss from {losses[0]:.6f} to {losses[-1]:.6f}")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
