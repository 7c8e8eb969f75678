# Prints one line per function of a module: its name and its ops in order, without their dialect.
# usage: structure_of.py MODULE.mlir
import re
import sys
from pathlib import Path

for function in re.split(r"^\s*func\.func", Path(sys.argv[1]).read_text(), flags=re.M)[1:]:
    if not function.lstrip().startswith("private"):
        name = re.match(r"\s*@([\w.]+)", function)[1]
        print(f"{name}: " + " ".join(re.findall(r"\bnn\.(\w+)", function)))
