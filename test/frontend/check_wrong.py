# Runs `nnc check` on the wrong programs of a folder and compares its messages with those that stand below each of them. A file holds
# programs as `==== what is wrong`, the text, `----`, the messages. Every program is refused, every message names the user's file and
# underlines a place in it, and no message speaks of the compiler's inside.
# usage: check_wrong.py NNC FOLDER PROGRAMS DISTINCT    (at least so many programs, and so many different errors)
#        check_wrong.py NNC FOLDER --update             (writes what nnc says now; judge it before it is committed)
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INSIDE = re.compile(r"mlir|llvm|0x[0-9a-f]{6}|assert|\.cpp\b|std::|nn\.\w+ op|failed to|999\d{3}", re.I)


def read(path):
    for part in re.split(r"^==== ", path.read_text(), flags=re.M)[1:]:
        title, text = part.split("\n", 1)
        program, _, messages = text.partition("----\n")
        yield title, program, messages


def run(nnc, program):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "program.nn").write_text(program)
        out = subprocess.run([nnc, "check", "program.nn"], capture_output=True, text=True, cwd=folder)
        return out.returncode, out.stderr + out.stdout


def kind(error):
    """The text of an error without what the program put into it."""
    error = re.sub(r"`[^`]*`|\"[^\"]*\"", "Q", error)
    error = re.sub(r"\b(f32|f64|i32|u8|bool)\b(\[[^\]]*\])?", "T", error)
    return re.sub(r"-?\d[\d.e+-]*", "N", error)


def main(nnc, folder, *rest):
    nnc = str(Path(nnc).resolve()) if Path(nnc).exists() else nnc
    programs = [(path, *entry) for path in sorted(Path(folder).glob("*.txt")) for entry in read(path)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda p: run(nnc, p[2]), programs))
    if rest == ("--update",):
        for path in sorted(Path(folder).glob("*.txt")):
            path.write_text("".join(f"==== {title}\n{program}----\n{messages}" for (file, title, program, _), (_, messages)
                                    in zip(programs, results) if file == path))
        return 0
    failures, kinds = 0, set()
    for (path, title, program, expected), (status, messages) in zip(programs, results):
        errors = re.findall(r"^(\S*?):?(?:\d+:\d+: )?error: (.*)", messages, re.M)
        kinds |= {kind(text) for _, text in errors}
        fault = ("other messages" if messages != expected else f"exit status {status}" if status != 1
                 else "no error" if not errors
                 else "a message without a place" if "^" not in messages and "declares no model" not in messages
                 else "the compiler's inside" if INSIDE.search(messages) else None)
        if fault:
            failures += 1
            print(f"{path.name}: {title}: {fault}\n{messages}")
    few = len(programs) < int(rest[0]) or len(kinds) < int(rest[1])
    print(f"{len(programs)} programs, {len(kinds)} different errors, {failures} failures")
    return failures or few


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
