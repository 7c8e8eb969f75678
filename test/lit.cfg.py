# How lit runs the tests: suffixes, substitutions, features. Loaded by the lit.site.cfg.py of a build folder.
import os
import sys
from pathlib import Path

import lit.formats
import lit.util

sys.path.insert(0, str(Path(config.source_dir) / "test"))
import features

config.name = "nnc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".nn", ".ll", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.join(config.source_dir, "test")
config.test_exec_root = os.path.join(config.build_dir, "test")

binaries = os.path.join(config.build_dir, "bin")
units = os.path.join(config.build_dir, "test", "bin")

# NNC_VERIFY_EACH=1: every compilation also verifies the IR after each pass (nn-opt always does), which is quick; what
# --verify-passes does, computing everything with the reference, is a test of its own. A program of one word, since scripts take it
# as an argument.
nnc = os.path.join(binaries, "nnc")
if os.environ.get("NNC_VERIFY_EACH") == "1":
    verifying = os.path.join(config.test_exec_root, "nnc-verify-each")
    with open(verifying, "w") as script:
        script.write(f'#!/bin/sh\nexec "{nnc}" --verify-each "$@"\n')
    os.chmod(verifying, 0o755)
    nnc = verifying
config.substitutions += [
    (r"%nn-opt\b", os.path.join(binaries, "nn-opt")),
    (r"%nnc\b", nnc),
    (r"%bin\b", binaries),
    (r"%build\b", config.build_dir),
    (r"%lib\b", os.path.join(config.build_dir, "lib")),
    (r"%unit\b", units),
    (r"%llvm\b", config.llvm_tools_dir),
    (r"%cxx\b", config.cxx),
    (r"%python\b", "/usr/bin/python3"),
    (r"%tensorboard-python\b", features.tensorboard_python()),
    (r"%source\b", config.source_dir),
    (r"%data\b", str(features.data_folder())),
    (r"%qemu-aarch64\b", "qemu-aarch64-static -L /usr/aarch64-linux-gnu"),
]

# A build of the runtime alone (tools/test: the thread sanitizer's) has no compiler for the tests that want one.
if not os.path.exists(os.path.join(binaries, "nnc")):
    config.excludes += [test.name for test in Path(config.test_source_root).rglob("*")
                        if test.suffix in config.suffixes and "%nnc" in test.read_text(errors="replace")]

config.environment["PATH"] = os.pathsep.join([binaries, config.llvm_tools_dir, config.environment["PATH"]])
config.environment["PYTHONPATH"] = os.path.join(config.source_dir, "test")
config.environment["NNC_DATA"] = str(features.data_folder())
config.environment["XDG_CACHE_HOME"] = os.path.join(config.test_exec_root, "cache")
config.environment["FILECHECK_OPTS"] = "--dump-input-filter=error"
# LLVM's allocators poison memory where they are inlined into our code and do not unpoison it where they are not, in LLVM.
config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "NNC_NIGHT"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.available_features |= features.available()
if not os.path.exists(os.path.join(config.build_dir, "lib", "aarch64", "libnnrt.a")):
    config.available_features.discard("qemu-aarch64")
if not os.path.exists(os.path.join(config.build_dir, "lib", "libnnrt-images.a")):
    config.available_features.discard("images")
for sanitizer in filter(None, config.sanitizer.split(",")):
    config.available_features.add(sanitizer + "-sanitizer")
