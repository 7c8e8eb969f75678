# Runs `nnc check` on the programs of docs/lints.md: under each name the block marked `nn warns` gives that warning and no other
# message, and none once `@allow(name)` stands before its declarations; the block marked `nn` gives none. The sections are the
# warnings that the compiler knows, and those that docs/language.md lists. MESSAGES holds what is said of each wrong program.
# usage: check_lints.py NNC DOCS MESSAGES [--update]
import re
import subprocess
import sys
import tempfile
from pathlib import Path

nnc, docs, golden = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), Path(sys.argv[3])


def check(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lint.nn"
        path.write_text(text)
        out = subprocess.run([nnc, "check", path.name], capture_output=True, text=True, cwd=folder)
        return out.returncode, out.stderr


def names_in(messages):
    return set(re.findall(r"^\S+: (?:warning\[([\w-]+)\]|error)", messages, re.M))


failures, said = 0, ""


def expect(condition, what, messages=""):
    global failures
    if not condition:
        failures += 1
        print(what, messages, sep="\n")


sections = re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", (docs / "lints.md").read_text(), re.M | re.S)
for name, text in sections:
    bad = re.findall(r"^```nn warns\n(.*?)^```", text, re.M | re.S)
    good = re.findall(r"^```nn\n(.*?)^```", text, re.M | re.S)
    expect(bad and good, f"{name}: no programs")
    for program in bad:
        status, messages = check(program)
        said += f"==== {name}\n{messages}"
        expect(status == 0 and names_in(messages) == {name}, f"{name}: not this warning alone", messages)
        expected = program.count("\ntrain ") if name == "learning-rate" else 1
        expect(messages.count(f"warning[{name}]") >= expected, f"{name}: fewer than {expected}", messages)
        quiet = re.sub(r"^(?=model|layer|train|fn)", f"@allow({name}) ", program, flags=re.M)
        status, messages = check(quiet)
        expect(status == 0 and not messages, f"{name}: not silent with @allow", messages)
    for program in good:
        status, messages = check(program)
        expect(status == 0 and not messages, f"{name}: a false alarm", messages)

if sys.argv[4:] == ["--update"]:
    golden.write_text(said)
expect(said == golden.read_text(), f"other messages than in {golden.name}", said)
described = [name for name, _ in sections]
status, messages = check("@allow(nothing-like-this-at-all) const a = 1\n")
known = re.search(r"warnings are (.*)", messages)
expect(known and known[1].split(", ") == described, "the sections are not the compiler's warnings", messages)
listed = re.findall(r"^\| `([\w-]+)` \|", (docs / "language.md").read_text().split("## Warnings")[1], re.M)
expect(listed == described, f"the warnings of language.md are others: {listed}")
print(f"{len(sections)} lints, {failures} failures")
sys.exit(failures != 0 or not sections)
