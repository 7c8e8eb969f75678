# Builds the frontend with libFuzzer under the address and undefined-behaviour sanitizers and runs it, led by coverage, from the
# programs of the documentation, examples, library and tests; nets of many layers, which are slow under sanitizers, give their pieces
# only, and loops take few rounds. An input that crashes, takes 20 seconds or 1 GiB is left in FOLDER.
# usage: night.py SOURCE FOLDER [RUNS]
import os
import re
import subprocess
import sys
from pathlib import Path

source, folder = Path(sys.argv[1]), Path(sys.argv[2])
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000_000
corpus = folder / "corpus"
corpus.mkdir(parents=True, exist_ok=True)
pages = [source / "docs" / name for name in ("language.md", "tutorial.md", "lints.md")]
wrong = sorted((source / "test/frontend/wrong").glob("*.txt"))
files = sorted((source / "examples").glob("*.nn")) + sorted((source / "test/frontend/fuzz/Inputs").glob("*.nn"))
programs = [block for page in pages for block in re.findall(r"^```nn[^\n]*\n(.*?)^```", page.read_text(), re.M | re.S)]
programs += [part.split("\n", 1)[1].split("----\n")[0] for page in wrong
             for part in re.split(r"^==== ", page.read_text(), flags=re.M)[1:]]
DEEP = {"googlenet", "gpt", "mobilenetv2", "resnet18", "resnet18_224", "resnet50", "vgg16", "alexnet"}
programs += [file.read_text() for file in files if file.stem not in DEEP]
for number, program in enumerate(programs):
    (corpus / f"seed{number}.nn").write_text(program)
for command in (["cmake", "--preset", "fuzz"], ["cmake", "--build", "--preset", "fuzz", "--", "fuzz-frontend"]):
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.DEVNULL)
seeds = ":".join(map(str, [*pages, *wrong, *files, *sorted((source / "stdlib").glob("*.nn"))]))
status = subprocess.run(
    [source / "build/fuzz/test/bin/fuzz-frontend", f"-runs={runs}", "-timeout=20", "-rss_limit_mb=1024", "-max_len=8000",
     "-detect_leaks=0", "-entropic=0", "-use_counters=0", "-reduce_inputs=0", "-print_final_stats=1", f"-artifact_prefix={folder}/", corpus],
    # Stacks of allocations and of functions that have returned, the search for leaks, and what libFuzzer learns from comparisons of
    # memory would take more than half of the time.
    env=dict(os.environ, NNC_FUZZ_SEEDS=seeds,
             ASAN_OPTIONS="detect_leaks=0:intercept_memcmp=0:allow_user_poisoning=0:malloc_context_size=2:detect_stack_use_after_return=0:"
                          "quarantine_size_mb=4:max_malloc_fill_size=0",
             UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")).returncode
sys.exit(status)
