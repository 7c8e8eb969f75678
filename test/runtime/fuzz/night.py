"""Builds the readers' fuzzer with libFuzzer under the address and undefined-behaviour sanitizers and runs it for every reader, led by
coverage. An input that crashes, takes ten seconds or more memory than its size allows is left in FOLDER.

   night.py SOURCE FOLDER [RUNS [READER...]]
"""
import os
import subprocess
import sys
from pathlib import Path

source, folder = Path(sys.argv[1]), Path(sys.argv[2])
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000_000
tests = source / "test/runtime/fuzz"
subprocess.run([sys.executable, tests / "seeds.py", folder / "seeds"], check=True)
for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz", "--", "fuzz-readers"]):
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.DEVNULL)
failed = []
for reader in sys.argv[4:] or sorted(path.name for path in (folder / "seeds").iterdir()):
    corpus = folder / "corpus" / reader
    corpus.mkdir(parents=True, exist_ok=True)
    for found in (tests / "found").glob(f"{reader}.*"):
        (corpus / found.name).write_bytes(found.read_bytes())
    with open(folder / f"{reader}.log", "wb") as log:
        # Stacks of allocations and of functions that have returned would take most of the time.
        status = subprocess.run(
            [source / "build/fuzz/test/bin/fuzz-readers", f"-runs={runs}", "-max_len=4096", "-timeout=10", "-malloc_limit_mb=128",
             "-rss_limit_mb=1024", "-detect_leaks=0", "-entropic=0", "-use_counters=0", "-print_final_stats=1",
             f"-artifact_prefix={folder}/{reader}-", corpus, folder / "seeds" / reader],
            stdout=log, stderr=subprocess.STDOUT,
            env=dict(os.environ, NNC_FUZZ_READER=reader, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
                     ASAN_OPTIONS="detect_leaks=0:malloc_context_size=2:detect_stack_use_after_return=0:quarantine_size_mb=4:"
                                  "thread_local_quarantine_size_kb=64:max_malloc_fill_size=0")).returncode
    print(f"{reader}: status {status}", flush=True)
    if status:
        failed.append(reader)
sys.exit(f"failed: {', '.join(failed)}" if failed else 0)
