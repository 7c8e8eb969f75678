# What `train` writes is a safetensors file as its specification wants it: read here by the letter, and by the `safetensors`
# package where it is installed. usage: weight_file.py NNC LENET.nn FOLDER. Exits 1 with a line per complaint.
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

SHAPES = {"conv2d_1.weight": [6, 1, 5, 5], "conv2d_1.bias": [6], "conv2d_2.weight": [16, 6, 5, 5], "conv2d_2.bias": [16],
          "dense_1.weight": [120, 400], "dense_1.bias": [120], "dense_2.weight": [84, 120], "dense_2.bias": [84],
          "dense_3.weight": [10, 84], "dense_3.bias": [10]}


def complaints(raw):
    length = int.from_bytes(raw[:8], "little")
    if raw[8:9] != b"{":
        yield "the header does not begin with {"
    if length % 8:
        yield f"the data begin at byte {8 + length}, no multiple of 8"
    pairs = json.loads(raw[8:8 + length], object_pairs_hook=list)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        yield "a name stands twice"
    header = {name: dict(entry) for name, entry in pairs}
    metadata = header.pop("__metadata__", {})
    if not all(isinstance(value, str) for value in metadata.values()):
        yield "the metadata are not all strings"
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, stop = entry["data_offsets"]
        size = {"F32": 4, "F64": 8, "I32": 4, "I64": 8, "U8": 1, "BOOL": 1}[entry["dtype"]]
        if begin != end or stop - begin != int(np.prod(entry["shape"])) * size:
            yield f"{name}: the bytes {begin} to {stop} leave a hole, overlap or do not fit its shape"
        end = stop
    if end != len(raw) - 8 - length:
        yield f"the tensors end at byte {end} of {len(raw) - 8 - length}"
    for name, shape in SHAPES.items():
        if name not in header or header[name]["shape"] != shape or header[name]["dtype"] != "F32":
            yield f"{name} is not F32{shape}: {header.get(name)}"
        elif not np.all(np.isfinite(tensor(raw, length, header[name]))):
            yield f"{name} holds numbers that are not finite"
    try:
        from safetensors.numpy import load
    except ImportError:
        print("SKIP weight-file with the safetensors package: it is not installed")
        return
    for name, value in load(raw).items():
        if list(value.shape) != header[name]["shape"] or not np.array_equal(value, tensor(raw, length, header[name])):
            yield f"{name}: the safetensors package reads other numbers"


def tensor(raw, length, entry):
    begin, end = (8 + length + offset for offset in entry["data_offsets"])
    return np.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"])


def main(nnc, model, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([nnc, model, "-o", folder / "lenet"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([folder / "lenet", "train", "--data", "builtin", "--steps", "2", "--quiet", "--out", folder / "w.safetensors"],
                   check=True, stdout=subprocess.DEVNULL)
    found = list(complaints((folder / "w.safetensors").read_bytes()))
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
