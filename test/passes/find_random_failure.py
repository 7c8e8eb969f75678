# Shrinks what fails of a module of random functions: the failing function alone, cut behind the first op whose value is
# wrong, without what that does not need. usage: find_random_failure.py MODULE.mlir COMMAND..., where COMMAND FILE fails on it.
import re
import subprocess
import sys
import tempfile
from pathlib import Path

command = sys.argv[2:]
text = Path(sys.argv[1]).read_text()
HEADER, BODY = text.split("\n", 1)


def fails(functions):
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as file:
        file.write(HEADER + "\n" + "\n".join(functions) + "\n}\n")
        file.flush()
        return subprocess.run([*command, file.name], capture_output=True).returncode != 0


def statements(lines):
    """The ops of a body, each with the lines of its regions."""
    groups = []
    for line in lines:
        if re.match(r"  %\w+(:\d+)? = ", line):
            groups.append([line])
        else:
            groups[-1].append(line)
    return groups


def without_dead(groups, needed):
    """The ops that a value needs."""
    kept, wanted = [], {needed.split("#")[0]}
    for group in reversed(groups):
        name = re.match(r"  (%\w+)", group[0])[1]
        if name in wanted:
            kept.append(group)
            wanted |= set(re.findall(r"%\w+", "\n".join(group)))
    return kept[::-1]


def result_of(group):
    """The first value of an op, and its type."""
    name, many = re.match(r"  (%\w+)(:\d+)? = ", group[0]).groups()
    types = re.findall(r"tensor<[^>]*>", group[0].rsplit("->", 1)[-1] if "->" in group[0] else group[0].rsplit(":", 1)[-1])
    return name + ("#0" if many else ""), types[0]


def shrink(function):
    head, *lines = function.rstrip().split("\n")
    arguments = re.match(r"(func\.func @\w+\(.*?\)) -> ", head)
    if not arguments or "nn.role" in head:
        return function
    groups = statements(lines[:-2])
    for end in range(1, len(groups) + 1):
        name, type = result_of(groups[end - 1])
        body = ["\n".join(g) for g in without_dead(groups[:end], name)]
        smaller = "\n".join([f"{arguments[1]} -> ({type}) {{", *body, f"  return {name} : {type}", "}"])
        if fails([smaller]):
            return smaller
    return function


functions = re.split(r"\n(?=func\.func )", BODY.rstrip().removesuffix("}").rstrip())
private = {re.search(r"@(\w+)", f)[1]: f for f in functions if f.startswith("func.func private")}
for function in functions:
    if function.startswith("func.func private"):
        continue
    needed = [private[name] for name in re.findall(r"@(\w+)", function)[1:] if name in private]
    if fails([*needed, function]):
        print("\n".join([HEADER, *needed, function if needed else shrink(function), "}"]))
        sys.exit(1)
print("every function alone is right")
