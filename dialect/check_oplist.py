# What every op must say beside its definition; run by each build.
# usage: check_oplist.py OPS.json STAMP, where OPS.json is `llvm-tblgen --dump-json dialect/NN.td`. Exits 1 with one line per gap.
import sys
from pathlib import Path

import oplist


def gaps(op):
    if not op.summary:
        yield "a summary"
    if not op.examples:
        yield "an example (```mlir … ```) in its description"
    if op.differentiable and op.has("NoGradient"):
        yield "either a derivative rule or NoGradient, not both"
    if not op.differentiable and not op.has("NoGradient"):
        yield "a derivative rule (DifferentiableOpInterface) or the trait NoGradient"
    if op.differentiable and not op.rule:
        yield "its derivative in words (rule)"
    if op.structural:
        return
    if not op.has("ReferenceOpInterface"):
        yield "a reference lowering (ReferenceOpInterface)"
    if not op.has("ElementOpInterface") and not op.has("ScalarOpInterface"):
        yield "a formula for one element (ElementOpInterface or ScalarOpInterface)"
    if not op.has("CostOpInterface") or not op.cost:
        yield "a cost (CostOpInterface, and cost in words)"
    if not op.shapes:
        yield "its shape rule in words (shapes)"


def main(path, stamp):
    missing = [f"nn.{op.mnemonic} lacks {gap}" for op in oplist.load(path).values() for gap in gaps(op)]
    if missing:
        print("\n".join(missing))
        return 1
    Path(stamp).touch()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
