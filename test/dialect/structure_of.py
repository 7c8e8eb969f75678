# Prints one line per function of a module: its name and its ops without their dialect, operands before what reads them,
# from the first result on; what no result needs comes last. So the order in which independent ops were built, which a C++
# compiler may choose, does not show.
# usage: structure_of.py MODULE.mlir
import re
import sys
from pathlib import Path

for function in re.split(r"^\s*func\.func", Path(sys.argv[1]).read_text(), flags=re.M)[1:]:
    if function.lstrip().startswith("private"):
        continue
    name = re.match(r"\s*@([\w.]+)", function)[1]
    ops, results = {}, []  # by the name of the value: its op and its operands
    for line in function.splitlines()[1:]:
        values = re.findall(r"%[\w.]+", line)
        if op := re.match(r"\s*%[\w.]+(?::\d+)? = nn\.(\w+)", line):
            ops[values[0]] = (op[1], values[1:])
        elif re.match(r"\s*return\b", line):
            results = values
    order = []

    def visit(value):
        if value in ops and value not in order:
            for operand in ops[value][1]:
                visit(operand)
            order.append(value)

    for value in results:
        visit(value)
    rest = sorted(ops[value][0] for value in ops if value not in order)
    print(f"{name}: " + " ".join([ops[value][0] for value in order] + rest))
