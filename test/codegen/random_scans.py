# Random chains of scans as a program of `test` blocks, each with the value that NumPy finds in float64: scans that begin with equal
# values lie behind each other and inside each other, forwards and backwards.
# usage: random_scans.py SEED COUNT > program.nn
import random
import sys

import numpy as np


def leak(name, x, rng):
    start = rng.choice(["zeros", "ones"])
    h, emitted = np.full(x.shape[1], float(start == "ones")), []
    for row in x:
        h = 0.5 * h + row
        emitted.append(h)
    return f"let (y, last) = scan t in 0..{len(x)} carry (h: f32[{x.shape[1]}] = {start}) {{ h := 0.5 * h + {name}[t]; emit h }}", np.stack(emitted)


def columns(name, x, rng):
    h, emitted = np.zeros(len(x)), []
    for column in x.T:
        h = np.tanh(h + column)
        emitted.append(2 * h)
    return (f"let (y, last) = scan t in 0..{x.shape[1]} carry (h: f32[{len(x)}] = zeros) {{ h := tanh(h + {name}[:, t]); emit 2 * h axis 1 }}",
            np.stack(emitted, 1))


def pair(name, x, rng):
    h, g, emitted = np.zeros(x.shape[1]), np.zeros(x.shape[1]), []
    for row in x[::-1]:
        h, g = g - row, np.tanh(h)
        emitted.insert(0, h + g)
    state = f"f32[{x.shape[1]}] = zeros"
    return (f"let (y, h1, g1) = scan t in reversed(0..{len(x)}) carry (h: {state}, g: {state}) "
            f"{{ let old = h; h := g - {name}[t]; g := tanh(old); emit h + g }}", np.stack(emitted))


def nested(name, x, rng):
    c, emitted = np.zeros(x.shape[1]), []
    for row in x:
        s, p = 0.0, np.zeros(len(row))
        for j in reversed(range(len(row))):
            s = 0.5 * s + row[j]
            p[j] = s + c[j]
        c = np.tanh(p - s)
        emitted.append(p * s)
    return (f"let (y, last) = scan i in 0..{len(x)} carry (c: f32[{x.shape[1]}] = zeros) {{\n"
            f"    let (p, q) = scan j in reversed(0..{x.shape[1]}) carry (s: f32 = 0) {{ s := 0.5 * s + {name}[i, j]; emit s + c[j] }}\n"
            f"    c := tanh(p - q)\n    emit p * q\n  }}", np.stack(emitted))


def plain(name, x, rng):
    return rng.choice([(f"let y = tanh({name})", np.tanh(x)), (f"let y = transpose({name})", x.T),
                       (f"let y = {name}[::-1, ::-1]", x[::-1, ::-1])])


seed, count = map(int, sys.argv[1:])
print(f"// random_scans.py {seed} {count}")
for number in range(seed, seed + count):
    rng = random.Random(number)
    x = np.round(np.random.default_rng(number).normal(size=(rng.randint(1, 4), rng.randint(1, 5))), 2)
    values, body = [("x", x)], []
    for k in range(rng.randint(3, 7)):
        text, value = rng.choice([leak, columns, pair, nested, plain])(*rng.choice(values[-2:]), rng)
        for name in ("y", "last", "h1", "g1"):
            text = text.replace(f"({name},", f"({name}{k},").replace(f" {name},", f" {name}{k},").replace(f" {name})", f" {name}{k})")
        values.append((f"y{k}", value))
        body.append(text.replace("let y =", f"let y{k} ="))
    name, result = values[-1]
    print(f"fn f{number}(x: f32[{x.shape[0]}, {x.shape[1]}]) {{", *(f"  {line}" for line in body), f"  return {name}", "}", sep="\n")
    print(f'test "{number}" {{ assert f{number}(tensor({x.tolist()})) == {np.round(result, 6).tolist()} within {1e-5 * max(1, np.abs(result).max())} }}')
