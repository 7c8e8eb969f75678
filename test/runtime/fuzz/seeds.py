"""Writes small inputs for every reader that is fuzzed: FOLDER/READER/NUMBER. The first bytes are those that the readers of
DataReaders.cpp and ModelReaders.cpp take from an input in front of a file's contents.

   seeds.py FOLDER
"""
import base64
import gzip
import io
import json
import struct
import sys
import zipfile
import zlib
from pathlib import Path

JPEGS = [base64.b64decode(text) for text in (
    # 12 x 12 grey, progressive; 20 x 18 in colour with restart markers; 12 x 12 CMYK
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wgALCAAM"
    "AAwBAREA/8QAFwAAAwEAAAAAAAAAAAAAAAAAAQIDBP/aAAgBAQAAAAEPPV//xAAYEAADAQEAAAAAAAAAAAAAAAAAAQIRIf/aAAgBAQABBQIQ+KI2f//EABsQAAIBBQAA"
    "AAAAAAAAAAAAAAABAhExQWGh/9oACAEBAAY/AqGOEtMuz//EAB0QAQACAgIDAAAAAAAAAAAAAAEAESExQVFxgaH/2gAIAQEAAT8hDFEDqq+bY0MVL0oqKyHB5zzBNfQ1"
    "P//aAAgBAQAAABAv/8QAHBABAQACAgMAAAAAAAAAAAAAAREAITFRYXGR/9oACAEBAAE/EBKkBaCOtDQ7tx4EC2TwkePeQYmpvqVctHuYWuhOL8Jn/9k=",
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARwe"
    "HigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAASABQDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAA"
    "AAAAAAAAAAECBP/EACkQAAECBAIKAwAAAAAAAAAAAAECEQADITESUSIjMkFhkaGxwfBCYtH/xAAXAQEBAQEAAAAAAAAAAAAAAAAAAQME/8QAHxEAAgEDBQEAAAAAAAAA"
    "AAAAAAFBAjLwESExUWGR/90ABAAB/9oADAMBAAIRAxEAPwCBKSCkqQE/UNw7DwflG1MRhAYe/nTc2jAjVjZFaFItl26ZgvElgWuKDCRQ28dOGifagjT4P//QoxIASQkt"
    "bElJ7t7lYIyZaSxXMSC1HItuuk+8yhovPjG+I//Rm1LllVSTLd97ivOKKrSDUKTKcZu782EIRYpyURwf/9LjmzZicGGYoOCSxuXMIQjoptRjXcf/2Q==",
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCeo6utq2eAvMm6pseZqKuk/8AAFAgADAAM"
    "BEMRAE0RAFkRAEsRAP/EABgAAQEBAQEAAAAAAAAAAAAAAAIDAQAE/8QAMBAAAgEDAgQEAgsAAAAAAAAAAQIRAyExAAQSE0FRImFxoTJSBRQjQmKBkbGy8PH/2gAOBEMA"
    "TQBZAEsAAD8A6nw8KzTERwsAPAy4mPyA/eCA2sdUCOCVZRMKDdWibZMR0gkYIiCAqPllYutgQtyBkEdwPXykGAkIBQoaZAuYgFgxtYdZm3WTEi2nSehSphNzUp06gytS"
    "JH6qf73yZ7kh2SHIhRMsR5/OJzn3OdNZqs7lwJY4YCYt84nGb+vQHb1adKigfmgkT4KbkduhHb/MDNwOWd0SS/JIKhj3m5jr4RfPnqlJuAKFAH2Aq/xgegkx1HfUlfnc"
    "iVUcxXWw+EDisJyLDM4tGqUqKuNuJIFQPxAQMSffhEjFzbXl+kqp2+7akokL+Ir1JwCB7aPNNJUIE8xFc+Ii5A7ET6m+nRas9FaibirS4yxKobTxEdZPTS+qpukWtU+J"
    "uKfCD94jJBPvr//Z")]


def png(kind=2, depth=8, rows=b"\0" + bytes(range(12)) + b"\1" + bytes(12), width=4, height=2, extra=b"", interlaced=0):
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    chunks = chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


PALETTE = struct.pack(">I", 6) + b"PLTE\1\2\3\4\5\6" + struct.pack(">I", zlib.crc32(b"PLTE\1\2\3\4\5\6"))
PNGS = [png(), png(kind=0, depth=1, rows=b"\0\xa0\0\x50"), png(kind=3, depth=1, rows=b"\0\xa0\0\x50", extra=PALETTE),
        png(kind=6, depth=16, rows=(b"\2" + bytes(32)) * 2), png(rows=bytes(200), interlaced=1)]
PNG_PARTS = b"\4\2\x08\2\0\0\0" + b"\0\0" + b"\0" + bytes(12) + b"\0" + bytes(range(12))
PNG_PARTS_GREY = b"\4\2\x08\0\0\0\0" + b"\6\1\2\3\4\5\6" + b"\1\7" + b"\4" + bytes(4) + b"\3" + bytes(range(4))


def idx(code, shape, values):
    return bytes([0, 0, code, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape) + values


def npy(descriptor, shape, values, fortran=False):
    return f"{{'descr': '{descriptor}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode() + values


def npy_file(*arguments):
    text = npy(*arguments)
    return b"\x93NUMPY\1\0" + struct.pack("<H", text.index(b"\n") + 1) + text


def npz(compression):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr("image.npy", npy_file("|u1", (2, 1, 2, 2), bytes(8)))
        archive.writestr("label.npy", npy_file("<i4", (2,), bytes(8)))
    return out.getvalue()


def member(how, name, content):
    return bytes([how, len(name)]) + name + struct.pack("<H", len(content)) + content


IMAGE = npy("|u1", (2, 1, 2, 2), bytes(8))
MEMBERS = [b"\1" + b"\1" + member(how, b"image", IMAGE) + member(how, b"label", npy("<i8", (2,), bytes(16))) for how in (0, 1, 2, 3)]


def safetensors(values=bytes(24), **tensors):
    return json.dumps(tensors).encode() + b"\0" + values


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


TEXTS = [safetensors(x=tensor("F32", [2, 2], 0, 16), label=tensor("I32", [2], 16, 24)),
         safetensors(image=tensor("U8", [2, 1, 2, 2], 0, 8)),
         safetensors(bytes(60), **{"__metadata__": {"format": "pt", "vocabulary": "ab"}, "a.weight": tensor("F32", [2, 3], 0, 24),
                                   "a.bias": tensor("F32", [3], 24, 36), "b.mean": tensor("F32", [2, 3], 36, 60)})]
TEXT_FILES = [struct.pack("<Q", text.index(0)) + text.replace(b"\0", b"", 1) for text in TEXTS]
# How many metadata are changed, whether the wanted tensors are there, how many are changed, whether the header is; values.
STRUCTURED = [b"\0\1\0\0" + bytes(range(60)), b"\1\3\7newtext\1\0\0" + bytes(60), b"\0\1\1\2\0\2\0\1\0" + bytes(60),
              b"\0\1\0\1\x30\0x", b"\2\1\0012\4\0050x1p3\1\0\0" + bytes(60), b"\0\0\2\x01\x04name\0\1\0\3\0\1\1\0"]
TABLES = [b'a,"b ""c""",label,n,yes,small,d\n1,2.5,0,-7,true,255,1\n"3",4e-3,2,9,0,0,2\n', b"label;n\r\n1;2\r\n\r\n2;3",
          b"\xef\xbb\xbfa\tb\td\tlabel\n1\t2\t3\t?\n", b'n,a\n1,"two\nlines"\n']
WORDS = [b"ab\nba\xc3\xa9\xe2\x82\xac\xf0\x9d\x9b\xbcab", b"aaaaaaaaaaaa", b"abc abc abc\n" * 30]
LOG = (b'{"step":1,"loss":2.5,"lr":0.1,"grad_norm":3}\n{"step":2,"loss":"NaN","lr":1e-3}\n'
       b'{"epoch":1,"val_loss":2.25,"accuracy":0.5}\n')


def gzips(contents):
    """As gzip packs them; and behind the byte that has the reader pack them."""
    return [b"\7" + gzip.compress(content, mtime=0) for content in contents[:1]] + [
        bytes([how]) + content for content in contents for how in (0, 3, 5)] + [b"\4\5" + contents[0]]


ARRAYS = [idx(8, (2, 1, 2, 2), bytes(8)), idx(8, (3,), b"\0\1\2"), idx(11, (2,), b"\0\1\0\2"), idx(12, (1,), b"\0\0\0\1"),
          idx(13, (1, 2), bytes(8)), idx(14, (1,), bytes(8))]
NPYS = [IMAGE, npy("<i4", (2,), bytes(8)), npy(">i2", (3,), b"\0\0\0\1\0\2"), npy("<u8", (1,), bytes(8)), npy("<f4", (2, 2), bytes(16)),
        npy("<f8", (), bytes(8)), npy("|b1", (2,), b"\0\1"), npy("<f4", (1, 2), bytes(8), True)]
CHECKPOINTS = [bytes([best, 2]) + part + b"\0" for part in STRUCTURED for best in (0, 1)] + [b"\0\1" + TEXTS[2], b"\0\0" + TEXT_FILES[2]]


def picture_folder(pictures):
    """Folders "cat" and "dog" with these pictures each."""
    own = b"".join(b"\0\1" + struct.pack("<H", len(content)) + content for content in pictures)
    return b"\1\1" + b"\2" + b"\0" + bytes([len(pictures)]) + own + b"\1" + bytes([len(pictures)]) + own


def folder(files):
    return bytes([len(files)]) + b"".join(b"\1" + bytes([step]) + bytes([ending]) + struct.pack("<H", len(content)) + content
                                          for step, ending, content in files)


SEEDS = {
    "idx": [bytes([field]) + content for content in gzips(ARRAYS) for field in (0, 1)],
    "npy": [bytes([1, field]) + content for field, content in zip((0, 1, 1, 1, 2, 2, 0, 2), NPYS)]
    + [b"\0\0" + npy_file("|u1", (2, 1, 2, 2), bytes(8))],
    "npz": MEMBERS + [b"\0" + npz(zipfile.ZIP_STORED), b"\0" + npz(zipfile.ZIP_DEFLATED)],
    "safetensors": [b"\0" + content for content in TEXT_FILES] + [b"\1" + part for part in STRUCTURED] + [b"\2" + text for text in TEXTS],
    "gzip": [b"\0" + gzip.compress(b"text " * 20, mtime=0), b"\1text text text", b"\2text", b"\3"],
    "csv": [bytes([first, count]) + content for content in gzips(TABLES) for first, count in ((0, 5), (1, 1))],
    "text": [b"\1\1" + content for content in gzips(WORDS)] + [b"\1\0\3abc" + content for content in gzips(WORDS)],
    "cifar": [b"\1\0\7\1\x08\2\x09", b"\0\5\0\1", b"\1"],
    "picture": [b"\0\3\4\0" + PNG_PARTS, b"\1\0\1\0" + PNG_PARTS_GREY] + [b"\0\3\4\1" + content for content in PNGS]
    + [b"\1\1\2\2" + content for content in PNGS + JPEGS],
    "images": [picture_folder(pictures) for pictures in ([b"\2" + PNGS[0]], [b"\2" + JPEGS[1], b"\2" + PNGS[1]],
                                                         [b"\0" + PNG_PARTS], [b"\1" + PNGS[2]])],
    "weights": [b"\0\2" + part for part in STRUCTURED] + [b"\1\1" + TEXTS[2], b"\1\0" + TEXT_FILES[2]],
    "transfer": [bytes([a, b, n, order, 2]) + part for part in STRUCTURED for a, b, n, order in ((0, 0, 0, 0), (1, 1, 2, 1), (1, 2, 3, 1))],
    "checkpoint": CHECKPOINTS,
    "folder": [folder([(7, 0, CHECKPOINTS[0]), (9, 0, CHECKPOINTS[1])]), folder([(7, 0, CHECKPOINTS[3]), (8, 1, b""), (9, 0, b"\0\2\0")])],
    "given": [b"\1\0" + content for content in gzips(ARRAYS)] + [b"\1\1" + content[1:] for content in MEMBERS]
    + [b"\1\2" + part for part in STRUCTURED] + [b"\1\3" + PNG_PARTS] + [b"\1\4" + content for content in NPYS]
    + [b"\1\5" + content for content in [*JPEGS, *PNGS, *TEXT_FILES]] + [b"\0\5" + word for word in WORDS],
    "log": [b"\1" + LOG, b"\0" + struct.pack("<H", len(LOG)) + LOG * 2],
    "json": [b"text \"\\\x01\xc3\xa9", struct.pack("<d", 0.1), b"\xff\xfe"],
}

for reader, seeds in SEEDS.items():
    path = Path(sys.argv[1]) / reader
    path.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (path / str(number)).write_bytes(seed)
