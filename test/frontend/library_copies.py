# Builds networks that use every name of the library, from the library and from a copy of its source under other names, and
# compares the modules but for those names, the draws of initialisers, which depend on the path, and the identity by which
# code generation knows functions of the library.
# usage: library_copies.py NNC STDLIB NETWORK.nn...
import re
import subprocess
import sys
import tempfile
from pathlib import Path

DECLARATION = re.compile(r"^(?:kernel fn|fn|layer|initializer|optimizer|schedule|metric) (\w+)", re.M)


def renamed(text, names):
    """All but comments and strings. A name that is that of a parameter, too, is renamed where it is called."""
    parameters = set(re.findall(r"[(,]\s*(\w+): (?:float|int|bool)\b", text))
    def other(match):
        name = match[2]
        if match[1] or name not in names or (name in parameters and text[match.end():match.end() + 1] != "("):
            return match[0]
        return "My" + name if name[0].isupper() else "my_" + name
    return re.sub(r'(//.*|"[^"\n]*")|\b(\w+)\b', other, text)


def module(nnc, text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.nn"
        path.write_text(text)
        out = subprocess.run([nnc, "--emit=nn", str(path)], capture_output=True, text=True)
    if out.returncode:
        sys.exit(out.stderr)
    text = re.sub(r"path = -?\d+ : i64", "path", out.stdout)
    text = re.sub(r"dense<-?\d{12,}> : tensor<i64>", "path", text)
    text = re.sub(r'nn.source_hash = "\w+"', "hash", text)
    text = re.sub(r'nn.constants = {[^}]*}(, )?|nn.kernel_fn = "\w+"(, )?', "", text)
    text = text.replace(", }", "}").replace(" attributes {}", "")
    text = re.sub(r"\bmy_|\bMy", "", text)
    return "\n".join(numbered(function) for function in text.split("func.func"))


def numbered(function):
    """SSA names come from the user's lines: number them instead."""
    known = {}
    return re.sub(r"%[\w.]+", lambda match: known.setdefault(match[0], f"%{len(known)}"), function)


def main(nnc, stdlib, *networks):
    library = "".join(path.read_text() for path in sorted(Path(stdlib).glob("*.nn")))
    names = DECLARATION.findall(library)
    texts = [Path(path).read_text() for path in networks]
    complaints = [f"{name} is in no network: add it to one" for name in names
                  if len(re.findall(rf"\b{name}\b", re.sub(r"//.*", "", library))) == 1
                  and not any(re.search(rf"\b{name}\b", text) for text in texts)]
    for path, text in zip(networks, texts):
        ours, copied = module(nnc, text).splitlines(), module(nnc, renamed(library + text, names)).splitlines()
        different = next(((a, b) for a, b in zip(ours, copied) if a != b), None)
        if different:
            complaints.append(f"{path}\nlibrary: {different[0]}\ncopy:    {different[1]}")
        elif len(ours) != len(copied):
            complaints.append(f"{path}: the modules differ in length")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
