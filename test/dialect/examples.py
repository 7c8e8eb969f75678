# Writes a module with every example of docs/ops.md, one function or nested module each, for nn-opt to parse.
# usage: examples.py OPS.md > MODULE.mlir
import re
import sys
from pathlib import Path

# What examples name and do not define.
SYMBOLS = {
    "softmax": "func.func private @softmax(tensor<4x3xf32>) -> tensor<4x3xf32>",
    "loss": "func.func private @loss(tensor<4xf32>, tensor<4xf32>) -> tensor<f32>",
    "k": "nn.kernel @k(%a: tensor<4xf32>) -> tensor<4xf32> tasks 1 {\n  nn.yield %a : tensor<4xf32>\n}",
}


def free_values(example):
    """The values that an example uses and does not define, with their types, from its first op."""
    text = " ".join(line for line in example.splitlines() if not line.strip().startswith("//"))
    group = re.findall(r"%\w+ = (%\w+) : (tensor<[^>]*>)", text)
    if group:
        return group
    lists = re.findall(r"(?:carry|over|with)\((.*?) : (.*?)\)", text)
    if lists:
        return [pair for names, types in lists for pair in zip(names.split(", "), types.split(", "))]
    head, types = text.rsplit(" : ", 1)
    names = re.findall(r"%\w+", head.split(" = ", 1)[1])
    return list(zip(names, re.findall(r"tensor<[^>]*>", types.split("->")[0]))) if "->" in types else []


def module(example):
    lines = []
    if example.lstrip().startswith("nn.kernel"):
        lines.append(example)
    else:
        for symbol in re.findall(r"@(\w+)", example):
            lines.append(SYMBOLS[symbol])
        arguments = ", ".join(f"{name}: {type}" for name, type in dict(free_values(example)).items())
        lines.append(f"func.func @example({arguments}) {{\n{example}\nreturn\n}}")
    return "module {\n" + "\n".join(lines) + "\n}\n"


def main(path):
    examples = re.findall(r"```mlir\n(.*?)\n```", Path(path).read_text(), re.S)
    assert examples, "no examples"
    print("\n".join(module(e) for e in examples))


if __name__ == "__main__":
    main(*sys.argv[1:])
