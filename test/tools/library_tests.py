# Runs the test blocks of the library's files. usage: library_tests.py NNC STDLIB. Exits 1 where one fails, or none is left.
import subprocess
import sys
from pathlib import Path

files = [path for path in sorted(Path(sys.argv[2]).glob("*.nn")) if "\ntest \"" in path.read_text()]
failed = [path.name for path in files if subprocess.run([sys.argv[1], "test", path]).returncode]
if failed or not files:
    sys.exit(f"tests fail: {failed}" if files else "the library has no tests")
