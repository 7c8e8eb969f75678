"""allocations.py SHIM COMMAND...: 9 more steps of training allocate nothing; the text of the results may, by its length."""
import os
import subprocess
import sys

few, many = (int(subprocess.run([*sys.argv[2:], "--steps", steps], env=dict(os.environ, LD_PRELOAD=sys.argv[1]),
                                capture_output=True, text=True, check=True).stderr.split("allocations ")[1]) for steps in ("2", "11"))
assert few > 10 and abs(many - few) < 9, (few, many)
