#!/usr/bin/env python3
"""Times training steps of nnc, alone or interleaved with PyTorch, and a 1024x1024 product against the core's FMA peak.

   bench/compare.py [--nnc build/bin/nnc] [--torch PYTHON] [--threads 1 2] [--rounds 15] [mlp lenet5 lstm product]

Workers run in turn (A B, B A, ...), each round a burst of steps; the report has the median of the rounds' medians, the ratio
of the medians, and the fraction of the floating-point peak measured in the same run. One line of JSON per case and peer.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Worker:
    """A program that speaks `bench`'s protocol on its standard input and output."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.ready = self.read()
        once = statistics.median(self.ask("RUN 20")["t"])
        self.burst = max(5, min(2000, int(0.05 / once)))
        self.rounds = []

    def read(self):
        line = self.process.stdout.readline()
        while line and not line.startswith("{"):
            line = self.process.stdout.readline()
        return json.loads(line)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def run(self):
        self.rounds.append(statistics.median(self.ask(f"RUN {self.burst}")["t"]))

    def close(self):
        info = self.ask("INFO")
        self.process.stdin.write("QUIT\n")
        self.process.stdin.flush()
        self.process.wait()
        return info


def interleave(commands, rounds):
    """Median seconds per step and the worker's own words, for each command."""
    workers = [Worker(c) for c in commands]
    for r in range(rounds):
        for worker in workers if r % 2 == 0 else workers[::-1]:
            worker.run()
    return [(statistics.median(w.rounds), w.close()) for w in workers]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("cases", nargs="*", default=["mlp", "lenet5", "lstm", "product"])
    options.add_argument("--nnc", default=os.path.join(HERE, "..", "build", "bin", "nnc"))
    options.add_argument("--torch", help="a python that can import torch")
    options.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--cc", default="cc", help="builds peak.c; clang needs -mprefer-vector-width=512, else it reads half the peak")
    o = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        peak_program = os.path.join(folder, "peak")
        subprocess.run([o.cc, "-O3", "-march=native", "-ffp-contract=fast", os.path.join(HERE, "peak.c"), "-o", peak_program],
                       check=True)
        for case in o.cases:
            program = os.path.join(folder, case)
            extra = ["-D", "batch=1024", "--strict-fp"] if case == "product" else []
            subprocess.run([o.nnc, os.path.join(HERE, case + ".nn"), "-o", program, *extra], check=True, stdout=subprocess.DEVNULL)
            for threads in [1] if case == "product" else o.threads:
                entry = ["--entry", "predict"] if case == "product" else []
                commands = [[program, "bench", "--threads", str(threads), *entry]]
                if o.torch and case != "product":
                    commands.append([o.torch, os.path.join(HERE, "torch_worker.py"), case, "--threads", str(threads)])
                (seconds, info), *peers = interleave(commands, o.rounds)
                peak = float(subprocess.run([peak_program], capture_output=True, text=True, check=True).stdout)
                row = {"case": case, "threads": threads, "ms": round(seconds * 1e3, 5), "peak_gflops": peak}
                flops = 2 * 1024**3 if case == "product" else info.get("flops")
                if flops:
                    row["of_peak"] = round(flops / seconds / (peak * 1e9 * threads), 3)
                for peer_seconds, _ in peers:
                    row["torch_ms"] = round(peer_seconds * 1e3, 5)
                    row["ratio"] = round(peer_seconds / seconds, 2)
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
