# Runs `nnc check` on every block marked `nn` of a page, which must give no message at all, and the tests in it.
# usage: check_blocks.py NNC PAGE.md
import re
import subprocess
import sys
import tempfile
from pathlib import Path

nnc, page = sys.argv[1:]
blocks = re.findall(r"^```nn\n(.*?)^```", Path(page).read_text(), re.M | re.S)
failures = 0
with tempfile.TemporaryDirectory() as folder:
    for number, block in enumerate(blocks, 1):
        path = Path(folder) / f"block{number}.nn"
        path.write_text(block)
        out = subprocess.run([nnc, "check", str(path)], capture_output=True, text=True)
        if out.returncode or out.stderr:
            print(out.stderr or f"block {number}: exit status {out.returncode}")
            failures += 1
        if "\ntest \"" in block and subprocess.run([nnc, "test", str(path)]).returncode:
            failures += 1
print(f"{len(blocks)} blocks, {failures} with messages")
sys.exit(failures != 0 or not blocks)
