# What a test may ask of the machine with `REQUIRES:`, how each thing is found, and what a skip says when it is missing.
# Read by lit.cfg.py (which features exist) and by summary.py (why a test was skipped).
import os
import platform
import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def data_folder():
    """The shared data: $NNC_DATA, else ../shared/data beside the checkout."""
    return Path(os.environ.get("NNC_DATA") or CHECKOUT.parent / "shared" / "data")


def _cpu_flags():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return set()
    line = next((l for l in text.splitlines() if l.startswith(("flags", "Features"))), ":")
    return set(line.split(":", 1)[1].split())


def _has_data(*files):
    return all((data_folder() / f).exists() for f in files)


def _has_numpy():
    return shutil.which("/usr/bin/python3") and any(
        Path(p).exists() for p in ("/usr/lib/python3/dist-packages/numpy", "/usr/local/lib/python3/dist-packages/numpy"))


def tensorboard_python():
    """The Python that has TensorBoard: $NNC_TENSORBOARD, else the system's."""
    return os.environ.get("NNC_TENSORBOARD") or "/usr/bin/python3"


def _has_tensorboard():
    search = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('tensorboard'))"
    return shutil.which(tensorboard_python()) and subprocess.run([tensorboard_python(), "-c", search], cwd="/").returncode == 0


def _has_qemu_aarch64():
    if platform.machine() == "aarch64":
        return True
    return shutil.which("qemu-aarch64-static") and Path("/usr/aarch64-linux-gnu/lib/libc.so.6").exists()


_flags = _cpu_flags()

# name: (present, what is missing otherwise)
FEATURES = {
    "mnist": (_has_data("mnist/train-images-idx3-ubyte.gz"), f"no MNIST in {data_folder()} (set NNC_DATA)"),
    "minimalloc": (_has_data("minimalloc/A.1048576.csv"), f"no minimalloc instances in {data_folder()} (set NNC_DATA)"),
    "tinyshakespeare": (_has_data("tinyshakespeare/input.txt"), f"no text in {data_folder()} (set NNC_DATA)"),
    "numpy": (_has_numpy(), "python3-numpy is not installed"),
    "tensorboard": (_has_tensorboard(), "no TensorBoard (set NNC_TENSORBOARD to a Python that has it)"),
    "clang-format": (shutil.which("clang-format-22"), "clang-format-22 is not installed"),
    "qemu-aarch64": (_has_qemu_aarch64(), "no qemu-user-static, no arm64 cross libraries, or a build without the aarch64 runtime"),
    "x86_64": (platform.machine() == "x86_64", "not an x86-64 machine"),
    "avx2": ({"avx2", "fma"} <= _flags, "this CPU has no AVX2 and FMA"),
    "avx512": ({"avx512f", "avx512vl", "avx512bw", "avx512dq"} <= _flags, "this CPU has no AVX-512"),
    "amx": ("amx_tile" in _flags, "this CPU has no AMX"),
    "images": (True, "a build without libpng and libjpeg"),
    "cuda": (Path("/dev/nvidiactl").exists(), "no NVIDIA GPU"),
    "two-cpus": ((os.cpu_count() or 1) >= 2, "needs two CPUs"),
    "all-examples": (os.environ.get("NNC_ALL") == "1", "runs under tools/test --all"),
    "night": (os.environ.get("NNC_NIGHT") == "1", "runs under tools/test --night"),
}


def available():
    return {name for name, (present, _) in FEATURES.items() if present}


def reason(name):
    """Why a test that requires `name` was skipped."""
    return FEATURES[name][1] if name in FEATURES else f"needs {name}"
