# Renders the cases of cases.py as functions of nn modules.
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dialect"))
import numpy_ops
import oplist
from cases import CASES

NUMPY_TYPES = {"f64": np.float64, "f32": np.float32, "i32": np.int32, "i64": np.int64, "ui8": np.uint8, "i1": np.bool_}


def tensor(shape, element):
    return "tensor<" + "".join(f"{n}x" for n in shape) + element + ">"


def attribute(value):
    if isinstance(value, list):
        return "array<i64: " + ", ".join(map(str, value)) + ">" if value else "array<i64>"
    return f"{value} : i64"


def operand_type(operand, real):
    return operand.type or real


def result_type(case, real):
    if case.type:
        return real if case.type == "float" else case.type
    return operand_type(case.operands[0], real)


def evaluate(mnemonic, case, arrays, real):
    """The op in NumPy, in f64 whatever the element type."""
    wide = [a.astype(np.float64) if a.dtype == np.float32 else a for a in arrays]
    attributes = dict(case.attributes)
    if case.shape is not None:
        attributes["shape"] = case.shape
    if mnemonic == "cast":
        attributes["type"] = NUMPY_TYPES[result_type(case, real)]
    if mnemonic == "constant":
        attributes["value"] = np.array(attributes["value"], np.float64)
    function = getattr(numpy_ops, mnemonic + "_" if mnemonic in ("and", "or") else mnemonic)
    return np.asarray(function(*wide, **attributes))


def result_shape(mnemonic, case, real):
    if case.shape is not None:
        return case.shape
    return evaluate(mnemonic, case, [np.ones(o.shape, NUMPY_TYPES[operand_type(o, real)]) for o in case.operands], real).shape


def result(mnemonic, case, real):
    return tensor(result_shape(mnemonic, case, real), result_type(case, real))


def operand_types(case, real):
    return [tensor(o.shape, operand_type(o, real)) for o in case.operands]


def op_text(mnemonic, case, real, names):
    """The op on values `names`, without its result's name."""
    y = result(mnemonic, case, real)
    if mnemonic == "constant":
        return f"nn.constant dense<{case.attributes['value']}> : {y}"
    attributes = {k: v for k, v in case.attributes.items() if k != "predicate"}
    text = f"nn.{mnemonic}"
    if "predicate" in case.attributes:
        text += f" {case.attributes['predicate']},"
    text += " " + ", ".join(names) if names else ""
    if attributes:
        text += " {" + ", ".join(f"{k} = {attribute(v)}" for k, v in attributes.items()) + "}"
    return text + " : " + (", ".join(operand_types(case, real)) + " -> " if names else "") + y


def arguments_text(case, real, names):
    return ", ".join(f"{n}: {t}" + (f" {{nn.range = array<f64: {o.low:.4f}, {o.high:.4f}>}}" if o.type is None or (o.low, o.high) != (-2, 2) else "")
                     for n, t, o in zip(names, operand_types(case, real), case.operands))


def names_of(case):
    return [f"%x{k}" for k in range(len(case.operands))]


def missing(ops):
    """Complaints about ops without a case and cases without an op."""
    wanted = {m for m, op in ops.items() if not op.structural}
    return [f"nn.{m} has no case in test/dialect/cases.py" for m in sorted(wanted - set(CASES))] + \
           [f"test/dialect/cases.py names {m}, which is no op" for m in sorted(set(CASES) - wanted)]
