# The first steps of two logs have the same loss and the same norm of the gradients, up to rounding.
import json
import sys

first, second = (json.loads(open(path).readline()) for path in sys.argv[1:])
for name in ("loss", "grad_norm"):
    assert abs(first[name] - second[name]) <= 1e-5 * abs(first[name]), f"{name}: {first[name]} and {second[name]}"
