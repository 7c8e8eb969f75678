# The dialect's ops as data, from `llvm-tblgen --dump-json dialect/NN.td`: the one list that docs, checks and tests are
# generated from. Knows the form of the dump, no op.
import json
import re
import textwrap
from pathlib import Path


class Op:
    def __init__(self, records, name):
        self.record = record = records[name]
        self.mnemonic = record["opName"]
        self.family = Path(record["!locs"][0].rsplit(":", 1)[0]).stem
        self.summary = record["summary"] or ""
        text = textwrap.dedent((record["description"] or "").strip("\n"))
        self.examples = re.findall(r"```mlir\n(.*?)\n\s*```", text, re.S)
        self.description = re.sub(r"```mlir\n.*?\n\s*```\n?", "", text, flags=re.S).strip()
        self.shapes, self.rule, self.cost = record["shapes"], record["rule"], record["cost"]
        self.operands = [a[1] for a in record["arguments"]["args"] if not self._is_attribute(records, a[0])]
        traits = [records[t["def"]] for t in record["traits"]]
        self.traits = {t.get("cppInterfaceName") or t.get("trait") for t in traits}

    @staticmethod
    def _is_attribute(records, argument):
        record = records.get(argument["def"], {})
        return bool({"Attr", "OptionalAttr", "DefaultValuedAttr"} & set(record.get("!superclasses", [])))

    def has(self, trait):
        return trait in self.traits

    @property
    def differentiable(self):
        return self.has("DifferentiableOpInterface")

    @property
    def structural(self):
        """Stands for a function or a region: cost and reference are those of the ops inside."""
        return self.has("Structural")


def load(path):
    """The ops in order of declaration, by mnemonic."""
    records = json.loads(Path(path).read_text())

    def place(name):
        file, line = records[name]["!locs"][0].rsplit(":", 1)
        return file, int(line)

    families = {}
    names = sorted(records["!instanceof"]["NN_Op"], key=place)
    ops = [Op(records, name) for name in names]
    for op in ops:
        families.setdefault(op.family, []).append(op)
    order = ["Elementwise", "Shape", "Gather", "Reduce", "Contract", "Conv", "Window", "Random", "Scan", "Function", "Kernel"]
    known = sorted(families, key=lambda f: order.index(f) if f in order else len(order))
    return {op.mnemonic: op for family in known for op in families[family]}
