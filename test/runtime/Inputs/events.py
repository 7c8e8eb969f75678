"""Event files, read as TensorFlow's sources describe them (lib/io/record_writer.h, util/event.proto, framework/summary.proto)."""
import struct
from pathlib import Path


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def fields(data):
    """(number, value) of a message: an integer, or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        else:
            length = {1: 8, 5: 4}.get(key & 7) or varint()
            value = data[at:at + length]
            assert len(value) == length
            at += length
        yield key >> 3, value


def events(path):
    """(step, wall time, what: value) of each event."""
    data, at = Path(path).read_bytes(), 0
    while at < len(data):
        length, crc = struct.unpack_from("<QI", data, at)
        assert crc == masked(data[at:at + 8]), at
        body = data[at + 12:at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked(body), at
        at += 16 + length
        found = dict(fields(body))
        assert set(found) <= {1, 2, 3, 5, 7} and len(found) == 3, found
        if 3 in found:
            what = {"file_version": found[3].decode()}
        elif 7 in found:
            what = {"session": dict(fields(found[7]))}
        else:
            values = [dict(fields(value)) for number, value in fields(found[5]) if number == 1]
            what = {v[1].decode(): struct.unpack("<f", v[2])[0] for v in values}
            assert len(what) == len(values)
        yield found[2], struct.unpack("<d", found[1])[0], what
