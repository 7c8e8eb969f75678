# Builds one network from the library and from copies of its source under other names, and compares the two modules but for
# those names and the draws of initialisers, which depend on the path.
# usage: library_copies.py NNC
import re
import subprocess
import sys
import tempfile
from pathlib import Path

NETWORK = """
model M(image: f32[batch, 1, 8, 8]) -> f32[batch, 3] {
  return image |> Conv2d(4, kernel: 3, padding: same) |> relu |> max_pool(2) |> avg_pool(2) |> flatten |> Dense(5) |> Dropout(0.5) |> Dense(3)
}
train M {
  data = idx("images", "labels")
  input = image / 255
  batch = 4
  loss = cross_entropy
  metrics = [accuracy]
  optimizer = Adam(lr: cosine(0.1, warmup: 2))
}
"""
COPIED = ["Conv2d", "max_pool", "avg_pool", "flatten", "relu", "Dense", "Dropout", "cross_entropy", "accuracy", "Adam", "cosine",
          "glorot_uniform", "zeros"]


def renamed(text):
    for name in COPIED:
        text = re.sub(rf"\b{name}\b", "My" + name if name[0].isupper() else "my_" + name, text)
    return text


def module(nnc, text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.nn"
        path.write_text(text)
        out = subprocess.run([nnc, "--emit=nn", str(path)], capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    text = re.sub(r"path = -?\d+ : i64", "path", out.stdout)
    text = re.sub(r'nn.source_hash = "\w+"', "hash", text)
    text = re.sub(r"\bmy_|\bMy", "", text)
    return "\n".join(numbered(function) for function in text.split("func.func"))


def numbered(function):
    """SSA names come from the user's lines: number them instead."""
    known = {}
    return re.sub(r"%[\w.]+", lambda match: known.setdefault(match[0], f"%{len(known)}"), function)


nnc = sys.argv[1]
copies = "".join(subprocess.run([nnc, "--show", name], capture_output=True, text=True, check=True).stdout for name in COPIED)
library, copied = module(nnc, NETWORK), module(nnc, renamed(copies + NETWORK))
if library != copied:
    for a, b in zip(library.splitlines(), copied.splitlines()):
        if a != b:
            sys.exit(f"library: {a}\ncopy:    {b}")
    sys.exit("the modules differ in length")
