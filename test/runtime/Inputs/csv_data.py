# Tables as data, against NumPy: quotes, ends of lines, types, columns in another order. usage: csv_data.py NNC TABLE.nn FOLDER
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

nnc, model, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
random = np.random.default_rng(3)


def run(*command):
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}: {result.stderr}"
    return result.stdout


def table(count):
    return {"height, cm": random.normal(size=count).astype(np.float32), 'the "width"': random.normal(size=count).astype(np.float32),
            "age": random.integers(0, 90, count), "member": random.integers(0, 2, count),
            "first": random.normal(size=count), "second": random.normal(size=count),
            "price": random.normal(size=count).astype(np.float32)}


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def write(path, columns, order, separator=",", end="\n", last=True):
    count = len(columns["age"])
    rows = [[quoted(n) if set(n) & set('," ') else n for n in order] + ["note"]]
    for i in range(count):
        cells = [repr(columns[n][i].item()) for n in order]
        k = order.index("member")
        cells[k] = (["0", "1"], ["FALSE", "true"])[i % 2][columns["member"][i]]
        if i % 3 == 0:
            cells = [f" {cells[0]}  "] + [quoted(cell) for cell in cells[1:]]
        rows.append(cells + [quoted(f'line one{end}line "two"{separator} and more') if i % 4 == 0 else ""])
    text = end.join(separator.join(row) for row in rows) + (end + end if last else "")
    (folder / path).write_bytes(text.encode())


def weights(path):
    raw = (folder / path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    return [np.frombuffer(raw[8 + length:], "<f4", *[(b - a) // 4, a]).astype(np.float64)
            for a, b in (header[f"dense_1.{name}"]["data_offsets"] for name in ("weight", "bias"))]


def expected(columns, path):
    weight, bias = weights(path)
    x = np.stack([columns[n] for n in ("height, cm", 'the "width"', "age", "member", "first", "second")], 1).astype(np.float32)
    error = x @ weight + bias - columns["price"]
    return {"loss": (error ** 2).mean(), "mae": np.abs(error).mean()}


train, test = table(53), table(29)
straight = list(train)
turned = ["price", "first", "second", "member", 'the "width"', "age", "height, cm"]
run(nnc, model, "-o", "table")
write("train.csv", train, straight)
write("test.csv", test, straight)
log = run("./table", "train", "--data", ".")
assert "53 records" in log, log
want = expected(test, "table.safetensors")
forms = [("first", {}), ("crlf", dict(end="\r\n")), ("turned", dict(order=turned)), ("semicolon", dict(separator=";", last=False)),
         ("tabulator", dict(separator="\t", end="\r\n", last=False))]
for name, form in forms:
    write("test.csv", test, **{"order": straight, **form})
    got = dict(line.split() for line in run("./table", "eval", "--data", ".", "--quiet").splitlines())
    for key, value in want.items():
        np.testing.assert_allclose(float(got[key]), value, rtol=1e-5, err_msg=name)
(folder / "test.csv").write_bytes(b"\xef\xbb\xbf" + (folder / "test.csv").read_bytes())
assert dict(line.split() for line in run("./table", "eval", "--data", ".", "--quiet").splitlines()) == got
run("./table", "train", "--data", ".", "--threads", 3, "--out", "three.safetensors")
assert (folder / "three.safetensors").read_bytes() == (folder / "table.safetensors").read_bytes()
