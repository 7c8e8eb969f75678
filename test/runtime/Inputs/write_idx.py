# usage: write_idx.py FILE TYPE SHAPE VALUE: an IDX file (gzipped where the name ends in .gz) of one repeated value.
import gzip
import struct
import sys

import numpy as np

name, kind, shape, value = sys.argv[1:]
array = np.full([int(n) for n in shape.split(",")], float(value)).astype(">" + kind)
code = {"u1": 8, "i4": 12, "f4": 13}[kind]
data = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
(gzip.open if name.endswith(".gz") else open)(name, "wb").write(data)
