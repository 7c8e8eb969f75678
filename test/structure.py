# Checks the tree itself: who includes whom, sizes and names of files, file heads. Exits 1 with one line per violation.
# usage: structure.py CHECKOUT
import re
import subprocess
import sys
from pathlib import Path

FLOORS = {  # folder: folders whose headers it may include besides its own
    "runtime": set(),
    "dialect": set(),
    "frontend": {"dialect"},
    "passes": {"dialect"},
    "codegen": {"dialect", "runtime/abi.h", "runtime/Loops.h"},
    "tools": {"dialect", "frontend", "passes", "codegen", "runtime"},
}
FORBIDDEN_STEMS = re.compile(r"(utils?|helpers?|common|misc)$", re.I)
MAX_LINES = 1000


def files(checkout):
    listing = subprocess.run(["git", "-C", checkout, "ls-files", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, text=True)
    if listing.returncode == 0:
        return [Path(line) for line in listing.stdout.splitlines() if (checkout / line).is_file()]
    return [p.relative_to(checkout) for p in checkout.rglob("*") if p.is_file() and "build" not in p.parts]


def include_violations(checkout, path, text):
    floor = path.parts[0]
    if floor not in FLOORS:
        return
    for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        target = include if "/" in include else f"{path.parent}/{include}"
        folder = target.split("/")[0]
        if folder in FLOORS and folder != floor and folder not in FLOORS[floor] and target not in FLOORS[floor]:
            yield f"{path}: {floor}/ must not include {include}"


def main(checkout):
    violations = []
    for path in files(checkout):
        if FORBIDDEN_STEMS.search(path.stem):
            violations.append(f"{path}: name a file after what it owns")
        if path.suffix not in {".cpp", ".h", ".td", ".py", ".c", ".nn"}:
            continue
        text = (checkout / path).read_text(errors="replace")
        if text.count("\n") > MAX_LINES:
            violations.append(f"{path}: {text.count(chr(10))} lines, split it (limit {MAX_LINES})")
        if path.suffix in {".cpp", ".h"}:
            violations += include_violations(checkout, path, text)
            if not text.lstrip().startswith(("//", "/*")):
                violations.append(f"{path}: no file head that says what it owns")
    print("\n".join(violations))
    return bool(violations)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).resolve()))
