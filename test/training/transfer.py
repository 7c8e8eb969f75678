# A model whose backbone comes from another model's file, which has it under another name and another head. Training with a rate of
# nearly zero writes what was loaded.
# usage: transfer.py NNC FOLDER. Exits 1 with one line per difference.
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from safetensors_file import read_safetensors, write_safetensors

MODEL = """
layer Two(x: T[n, c]) -> T[n, 5] { return x |> Dense(6) |> tanh |> Dense(5) }
model M(x: f32[batch, 4]) -> f32[batch, 3] { return x |> Two as backbone |> tanh |> Dense(3) as head }
train M {
  data      = npz("train.npz", x: f32[batch, 4], y: f32[batch, 3])
  batch     = 4
  steps     = 1
  loss      = mse
  optimizer = SGD(lr: 1e-30, momentum: 0.9)
  load      = %s
}
"""


def main(nnc, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, complaints = np.random.default_rng(9), []
    draw = lambda *shape: rng.normal(size=shape).astype(np.float32)
    np.savez(folder / "train.npz", x=draw(8, 4), y=draw(8, 3))
    shapes = {"dense_1.weight": (6, 4), "dense_1.bias": (6,), "dense_2.weight": (5, 6), "dense_2.bias": (5,)}
    body = {name: draw(*shape) for name, shape in shapes.items()}
    wanted = {f"backbone.{name}": value for name, value in body.items()}
    named = {f"net.{name}": value for name, value in body.items()} | {"other.weight": draw(7)}
    same = wanted | {"head.weight": draw(10, 5), "head.bias": draw(10), "num_batches_tracked": draw(1)}
    ordered = {f"z{9 - i}": value for i, value in enumerate(body.values())}
    files = {"named": named, "same": same, "ordered": ordered, "short": {"net.dense_1.weight": draw(6, 3), "net.more": draw(2)}}
    for name, tensors in files.items():
        write_safetensors(folder / f"{name}.safetensors", tensors)

    def run(verb, load, *arguments):
        (folder / "m.nn").write_text(MODEL % load)
        subprocess.run([nnc, "m.nn", "-o", "m", "--threads=none"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run(["./m", verb, *arguments], cwd=folder, capture_output=True, text=True)
        return done.returncode, done.stderr

    def train(load, *arguments):
        return run("train", load, "--quiet", "--out", "w.safetensors", *arguments)

    for load in ('weights("named.safetensors", from: "net", into: "backbone")', 'weights("same.safetensors", except: ["head.*"])',
                 'weights("ordered.safetensors", into: "backbone", match: order)'):
        status, said = train(load)
        got = {} if status else read_safetensors(folder / "w.safetensors")
        if status or any(not np.array_equal(got[name], value) for name, value in wanted.items()):
            complaints.append(f"{load}: {said or 'other weights than those of the file'}")
        elif np.ptp(got["head.weight"]) == 0 or np.array_equal(got["head.weight"], same["head.weight"]):
            complaints.append(f"{load}: the head does not start as it is declared")

    shutil.rmtree(folder / "run", ignore_errors=True)
    status, said = train('weights("same.safetensors", except: ["head.*"])', "--checkpoint", "run")
    first = read_safetensors(folder / "w.safetensors")
    status, said = train('weights("run/checkpoint-000000000001.safetensors")')
    again = {} if status else read_safetensors(folder / "w.safetensors")
    if status or any(not np.allclose(again[name], value, rtol=0, atol=1e-20) for name, value in first.items()):
        complaints.append(f"a checkpoint is no start: {said or 'other weights than those of the file'}")
    whole = (folder / "run/checkpoint-000000000001.safetensors").read_bytes()
    (folder / "damaged.safetensors").write_bytes(whole[:-300] + bytes([whole[-300] ^ 1]) + whole[-299:])

    status, _ = train('weights("missing.safetensors")', "--weights", "w.safetensors")
    if status:
        complaints.append("--weights does not replace `load`")
    for arguments in [], ["--weights", "w.safetensors"]:
        status, said = run("find-lr", 'weights("missing.safetensors")', *arguments)
        if status != (not arguments):
            complaints.append(f"find-lr {arguments} does not start where train does: {said}")
    for load, texts in {
            'weights("same.safetensors")':
                ["same.safetensors: does not fit the model M (`except` in the train block leaves parameters out):",
                 "'head.weight' is f32[10, 5], the model has f32[3, 5]", "'head.bias' is f32[10], the model has f32[3]"],
            'weights("short.safetensors", from: "net", into: "backbone")':
                ["'backbone.dense_1.weight' is f32[6, 3], the model has f32[6, 4]", "'backbone.dense_1.bias' f32[6] is missing",
                 "'backbone.more' f32[2] is not in the model"],
            'weights("ordered.safetensors", match: order)': ["'head.weight' f32[3, 5] is missing"],
            'weights("ordered.safetensors", into: "backbone", except: "*.bias", match: order)':
                ["'backbone.dense_2.weight' is f32[6], the model has f32[5, 6] ('z8' of the file)"],
            'weights("damaged.safetensors")': ["damaged.safetensors: the checksum of"],
            'weights("missing.safetensors")': ["there is no file 'missing.safetensors': the train block's `load` names it"]}.items():
        status, said = train(load)
        complaints += [f"{load} does not say: {text}\nbut: {said}" for text in texts if status != 1 or text not in said]
    print("\n".join(complaints) or "weights are transferred")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
