"""A long run with a checkpoint every second, on three threads: memory and open files stay what they are, the weights are those
of a run without checkpoints.

   soak.py PROGRAM FOLDER STEPS
"""
import os
import subprocess
import sys
import time

data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data.py")
program, folder, steps = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3])
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
subprocess.run([sys.executable, data], check=True)


def command(out):
    return [program, "train", "--steps", str(steps), "--quiet", "--out", out]


subprocess.run(command("plain.safetensors"), check=True)
process = subprocess.Popen(command("kept.safetensors") + ["--threads", "3", "--checkpoint", "checkpoints", "--checkpoint-every", "1s"])
seen = []
while process.poll() is None:
    time.sleep(0.2)
    try:
        status = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status"))
        seen.append((int(status["VmRSS"].split()[0]), len(os.listdir(f"/proc/{process.pid}/fd"))))
    except (FileNotFoundError, KeyError):
        break
assert process.wait() == 0
assert open("plain.safetensors", "rb").read() == open("kept.safetensors", "rb").read(), "other weights"
settled = seen[len(seen) // 4 :]
assert len(settled) >= 15, f"the run was over after {len(seen)} looks: more steps are needed"
assert len([name for name in os.listdir("checkpoints") if name.endswith(".safetensors")]) == 2, "not two checkpoints"
memory = [kilobytes for kilobytes, _ in settled]
assert max(memory) - min(memory) <= 256, f"resident memory grew from {min(memory)} to {max(memory)} KiB"
files = [count for _, count in settled]
assert max(files) - min(files) <= 2, f"open files: {min(files)} to {max(files)}"
print(f"{steps} steps, {max(memory)} KiB, {max(files)} files")
