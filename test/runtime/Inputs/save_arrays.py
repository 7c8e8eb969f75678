# usage: save_arrays.py FILE.npy|FILE.safetensors NAME:TYPE:EXTENTS...: arrays of ones, without the runtime's writers.
import json
import struct
import sys

import numpy as np

arrays = {}
for word in sys.argv[2:]:
    name, kind, extents = word.split(":")
    arrays[name] = np.ones([int(n) for n in extents.split(",") if n], kind)
if sys.argv[1].endswith(".npy"):
    np.save(sys.argv[1], arrays[""])
else:
    header, at = {}, 0
    for name, array in arrays.items():
        dtype = {"f4": "F32", "i4": "I32", "i8": "I64", "u1": "U8"}[array.dtype.str[1:]]
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in arrays.values()))
