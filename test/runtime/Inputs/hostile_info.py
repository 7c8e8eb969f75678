"""hostile_info.py TINY FILE: `info` shows a file whose texts are made for a terminal: on lines of their own, nothing that a terminal obeys,
long ones shortened, the program's text whole."""
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

program, path = sys.argv[1:]
evil = "\x1b[2J\x1b]0;title\x07\r\b\x9b31m\u202egnp\u2028\x7f\0"
line = f"// {'long ' * 50}{evil}"
metadata = {"long": "x" * 1000000, "key" + evil: "a", "lines": "first\nsecond" + evil, "vocabulary": "\n abc" + evil,
            "run.validation": "0x1p-1 loss\n0x", "run.step": "0x\n\n" + evil, "source": f"model M {{\n\t{line}\n}}", "model": "caf\u00e9" + evil}
header = json.dumps({"__metadata__": metadata, "w" + evil: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
Path(path).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
said = subprocess.run([program, "info", path], check=True, capture_output=True).stdout.decode()
assert all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Zl") for c in said), said
escaped = "".join(c if " " <= c <= "~" or c == "\u00e9" else "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in evil)
before, source = said.split("\n\n")
assert source == f"model M {{\n\t// {'long ' * 50}{escaped}\n}}\n", source
lines = before.splitlines()
assert lines[0].startswith("model        caf\u00e9\\x1b[2J") and lines[1].startswith("run.step     0x"), lines
assert lines[2] == "run.validation 0.5 loss  0x", lines
assert lines[3] == f"long         {'x' * 97}... (1000000 bytes)" and lines[4].startswith("key\\x1b") and len(lines) == 9, lines
assert lines[5].startswith("lines        first\\x0asecond\\x1b") and max(map(len, lines)) < 150, lines
assert lines[7].endswith(" f32[1]") and lines[8] == "1 tensors, 1 elements, 4 bytes", lines
