# Folders of images, against NumPy: PNG in several forms and sizes, JPEG, classes, messages. usage: images_data.py NNC IMAGES.nn FOLDER
import base64
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np

nnc, model, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
random = np.random.default_rng(7)
# 8 x 8 pixels of one colour
JPEG = base64.b64decode(
    "/9j/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQ"
    "kFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIAAgDASIAAhEBAxEB/8QAFQAB"
    "AQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABgj/xAAUEQEAAAAAAAAAAAAAAAAAAA"
    "AA/9oADAMBAAIRAxEAPwCFADS3X//Z")
COLOUR = np.array([200, 30, 60])


def run(*command, status=0):
    result = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)
    assert result.returncode == status, f"{command}: {result.returncode} {result.stderr}"
    return result.stdout if status == 0 else result.stderr


def png(path, pixels, alpha=False, interlaced=False):
    """Writes u8[height, width, channels]; what is transparent becomes black."""
    kind = {1: 0, 3: 2}[pixels.shape[2]]
    if alpha:
        opaque = np.full(pixels.shape[:2] + (1,), 255, np.uint8)
        opaque[0, 0] = 0
        pixels, kind = np.concatenate([pixels, opaque], 2), kind + 4
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, kind, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def matrix(old, new):
    """The triangle filter from `old` to `new` pixels."""
    reach = max(old / new, 1)
    centres = (np.arange(new) + 0.5) * old / new
    weights = np.maximum(0, 1 - abs(np.arange(old) + 0.5 - centres[:, None]) / reach)
    return weights / weights.sum(1, keepdims=True)


def seen(pixels, height=6, width=4):
    """What the program sees of a picture: u8[3, height, width]."""
    pixels = np.broadcast_to(pixels, pixels.shape[:2] + (3,)).astype(float)
    if pixels.shape[:2] != (height, width):
        pixels = np.einsum("yh,hwc,xw->yxc", matrix(pixels.shape[0], height), pixels, matrix(pixels.shape[1], width))
    return np.floor(np.clip(pixels + 0.5, 0, 255)).transpose(2, 0, 1)


def make(name, shapes, classes=("ant", "bee", "cat")):
    records = []
    for label, kind in enumerate(classes):
        for i, shape in enumerate(shapes):
            pixels = random.integers(0, 256, shape, np.uint8)
            png(folder / name / kind / f"{i}.png", pixels, alpha=i == 0)
            if i == 0:
                pixels[0, 0] = 0
            records.append((seen(pixels), label))
        (folder / name / kind / "notes.txt").write_text("no picture")
    return records


def weights(path):
    raw = (folder / path).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    arrays = [np.frombuffer(raw[8 + length:][slice(*header[f"dense_1.{name}"]["data_offsets"])], "<f4").astype(float)
              for name in ("weight", "bias")]
    return header["__metadata__"], arrays[0].reshape(3, -1), arrays[1]


def expected(records, path):
    _, weight, bias = weights(path)
    logits = np.stack([image.ravel() for image, _ in records]) / 255 @ weight.T + bias
    labels = np.array([label for _, label in records])
    loss = np.log(np.exp(logits).sum(1)) - logits[np.arange(len(labels)), labels]
    return loss.mean(), (logits.argmax(1) == labels).mean()


def evaluated(output):
    values = dict(line.split() for line in output.splitlines() if line.startswith(("loss ", "accuracy ")))
    return float(values["loss"]), float(values["accuracy"])


run(nnc, model, "-o", "images")
make("train", [(6, 4, 3), (6, 4, 3), (12, 8, 3), (5, 9, 1)])
test = make("test", [(6, 4, 3), (17, 10, 3), (3, 3, 3), (6, 4, 1)])
(folder / "test" / "bee" / "one.JPG").write_bytes(JPEG)
test.append((np.broadcast_to(COLOUR[:, None, None], (3, 6, 4)), 1))
log = run("./images", "train", "--data", ".")
assert "9 records, 3 to validate" in log, log
assert weights("images.safetensors")[0]["vocabulary"] == "ant\nbee\ncat"
got, want = evaluated(run("./images", "eval", "--data", ".")), expected(test, "images.safetensors")
# One colour of a JPEG may be off by one; a mean of 13 losses moves by less than this.
assert abs(got[0] - want[0]) < 2e-3 and abs(got[1] - want[1]) < 1e-8, (got, want)
run("./images", "train", "--data", ".", "--threads", 3, "--out", "three.safetensors")
assert (folder / "three.safetensors").read_bytes() == (folder / "images.safetensors").read_bytes()
run("./images", "train", "--data", ".", "--overlap", "no", "--out", "alone.safetensors")
assert (folder / "alone.safetensors").read_bytes() == (folder / "images.safetensors").read_bytes()
# Room for no picture, and for three: the others are decoded for each batch.
for kept in (0, 3 * 72 + 1):
    run("env", f"NNC_PICTURE_BYTES={kept}", "./images", "train", "--data", ".", "--out", "again.safetensors")
    assert (folder / "again.safetensors").read_bytes() == (folder / "images.safetensors").read_bytes()
    assert evaluated(run("env", f"NNC_PICTURE_BYTES={kept}", "./images", "eval", "--data", ".")) == got

# Test data with fewer classes keep the numbers of the training data; a picture by hand gets its class's name.
(folder / "test" / "ant").rename(folder / "ant")
rest = [record for record in test if record[1] != 0]
got, want = evaluated(run("./images", "eval", "--data", ".")), expected(rest, "images.safetensors")
assert abs(got[0] - want[0]) < 2e-3, (got, want)
_, weight, bias = weights("images.safetensors")
line = json.loads(run("./images", "predict", "ant/1.png"))
best = int((weight @ test[1][0].ravel() / 255 + bias).argmax())
assert (line["class"], line["name"]) == (best, ["ant", "bee", "cat"][best]), line


# A model whose data are bytes reads pictures where nnc was told to build that in.
source = Path(model).read_text().replace('images("train", size: (6, 4))', 'idx("a", "b")').replace('images("test", size: (6, 4))', 'idx("c", "d")')
(folder / "bytes.nn").write_text(source)
run(nnc, "bytes.nn", "-o", "plain"), run(nnc, "bytes.nn", "--with=images", "-o", "with")
given = ("predict", "train/ant/1.png", "--weights", "images.safetensors")
error = run("./plain", *given, status=1)
assert error == ("plain: error: train/ant/1.png: is a PNG or JPEG picture, which this program does not read: compile it with "
                 "nnc --with=images, or save the pixels as a .npy file\n"), error
named = json.loads(run("./images", *given))
named.pop("name")  # that of the folder
assert json.loads(run("./with", *given)) == named
(folder / "numbers.nn").write_text(source.replace('idx("a", "b")', 'npz("a.npz", image: f32[batch, 3, 6, 4], label: i32[batch])')
                                   .replace('idx("c", "d")', 'npz("c.npz")'))
run(nnc, "numbers.nn", "--with=images", "-o", "numbers")
error = run("./numbers", *given, status=1)
assert error == ("numbers: error: train/ant/1.png: is a picture, and this model's data are none (u8, channels x height x width, with "
                 "one channel or three): save what the model takes as a .npy file\n"), error


for value in ("-1", "1G", "99999999999999999999"):
    error = run("env", f"NNC_PICTURE_BYTES={value}", "./images", "train", "--data", ".", status=2)
    assert error == f"images: error: NNC_PICTURE_BYTES takes a whole number from 0, not '{value}'\n", error


def message(expectation, verb="train"):
    error = run("./images", verb, "--data", ".", status=1)
    assert error == f"images: error: {expectation}\n", error


png(folder / "test" / "dog" / "1.png", np.zeros((6, 4, 3), np.uint8))
message("./test: the folder 'dog' is none of the classes that the model knows: ant, bee and cat", "eval")
png(folder / "train" / "dog" / "1.png", np.zeros((6, 4, 3), np.uint8))
message("./train: holds the folders ant, bee, cat and dog, 4 classes, and the model tells 3 apart")
(folder / "train" / "dog" / "1.png").unlink()
(folder / "train" / "dog").rmdir()
whole = (folder / "train" / "bee" / "1.png").read_bytes()
(folder / "train" / "bee" / "1.png").write_bytes(whole[:-30])
error = run("./images", "train", "--data", ".", status=1)
assert error.startswith("images: error: ./train/bee/1.png: cannot be decoded (") and error.endswith(
    "): it is damaged or cut off, fetch it again or take it out\n"), error
(folder / "train" / "bee" / "1.png").rename(folder / "train" / "bee" / "1.jpg")
(folder / "train" / "bee" / "1.jpg").write_bytes(JPEG[:-20])
error = run("./images", "train", "--data", ".", status=1)
assert error.startswith("images: error: ./train/bee/1.jpg: cannot be decoded ("), error
# A few hundred bytes that announce a picture of hundreds of megabytes.
size = JPEG.index(b"\xff\xc0") + 5
(folder / "train" / "bee" / "1.jpg").write_bytes(JPEG[:size] + b"\x7f\xff\x7f\xff" + JPEG[size + 4:])
large = ("./train/bee/1.jpg: cannot be decoded (its header announces more pixels than it can hold): it is damaged or cut off, "
         "fetch it again or take it out")
message(large)
head = b"IHDR" + struct.pack(">IIBBBBB", 10000, 10000, 8, 2, 0, 0, 0)
(folder / "train" / "bee" / "1.jpg").write_bytes(whole[:12] + head + struct.pack(">I", zlib.crc32(head)) + whole[33:])
message(large)
(folder / "train" / "bee" / "1.jpg").write_bytes(b"text")
message("./train/bee/1.jpg: is neither PNG nor JPEG, whatever its name says: convert it, or take it out")
for path in (folder / "train" / "bee").glob("*.[pj]*"):
    path.unlink()
message("./train/bee: holds no picture (.png, .jpg or .jpeg): each class has a folder of pictures")
(folder / "train").rename(folder / "elsewhere")
message("there is no folder './train': --data names the folder '.'")
(folder / "train").mkdir()
message("./train: holds no folders: each class has a folder of pictures")
