# Compiles every example, all of its entries, within 60 seconds of processor time and 2 GiB.
# usage: compile.py NNC EXAMPLES FOLDER. Exits 1 with one line per program that takes more.
import os
import subprocess
import sys
from pathlib import Path

SECONDS, KIBIBYTES = 60, 2 << 20


def main(nnc, examples, folder):
    Path(folder).mkdir(parents=True, exist_ok=True)
    complaints = []
    for path in sorted(Path(examples).glob("*.nn")):
        process = subprocess.Popen([nnc, path, "--emit=obj", "-o", Path(folder) / "example.o"])
        _, status, usage = os.wait4(process.pid, 0)
        seconds = usage.ru_utime + usage.ru_stime
        print(f"{path.name}: {seconds:.1f} s, {usage.ru_maxrss >> 10} MiB")
        if status or seconds > SECONDS or usage.ru_maxrss > KIBIBYTES:
            complaints.append(f"{path.name}: status {status}, {seconds:.1f} s, {usage.ru_maxrss >> 10} MiB")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
