"""Ends a training run in every way a machine can, and lets it go on: the weights and the log must be those of a run that
nothing has happened to.

   crash.py PROGRAM SHIM FOLDER [kills=N] [points=N] [power=N] [damage=N] [seed=N]

kills    so many SIGKILLs at random moments
points   SIGKILL in front of so many of the operations on files, all where N is 0
power    so many states of the disk that a power cut may leave: of what was not flushed, any part may be there
damage   so many 512-byte pieces of checkpoints with a bit flipped, and cut off there; all where N is 0
"""
import os
import random
import shutil
import subprocess
import sys
import time

PROGRAM, SHIM, FOLDER = sys.argv[1:4]
COUNTS = {key: int(value) for key, value in (argument.split("=") for argument in sys.argv[4:])}
SEED = COUNTS.get("seed", random.randrange(1 << 30))
print("seed", SEED)
DRAW = random.Random(SEED)
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data.py")
PROGRAM, SHIM = os.path.abspath(PROGRAM), os.path.abspath(SHIM)
os.makedirs(FOLDER, exist_ok=True)
os.chdir(FOLDER)


def command(folder, every=3, resume=True, name="w"):
    words = [PROGRAM, "train", "--checkpoint", folder, "--checkpoint-every", str(every), "--threads",
             str(DRAW.randint(1, 3)), "--out", f"{name}.safetensors", "--log", f"{name}.jsonl"]
    return words + (["--resume"] if resume else [])


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    for file in ("w.safetensors", "w.jsonl"):
        if os.path.exists(file):
            os.remove(file)
    return folder


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def check(what):
    assert bytes_of("w.safetensors") == bytes_of("good.safetensors"), f"{what}: other weights"
    assert bytes_of("w.jsonl") == bytes_of("good.jsonl"), f"{what}: another log"


def finish(what, folder, steps=None):
    """Lets a run go on to its end; `steps`: behind which of them it may begin."""
    done = subprocess.run(command(folder), capture_output=True, text=True)
    assert done.returncode == 0, f"{what}: {done.stderr}"
    if steps is not None:
        begin = [line for line in done.stdout.splitlines() if line.startswith("going on behind step ")]
        assert begin and int(begin[0].split()[-1]) in steps, f"{what}: went on from {begin}, not {steps}"
    check(what)


def steps_in(folder):
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(int(name[11:-12]) for name in names if name.endswith(".safetensors"))


def progress(done, total, what):
    """A long run says how far it is."""
    if done % 500 == 0:
        print(f"{done} of {total} {what}", flush=True)


def kills(count):
    done = runs = 0
    while done < count:
        folder = fresh("killed")
        runs += 1
        while done < count:
            process = subprocess.Popen(command(folder, every=DRAW.choice([1, 3, 20])), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                _, error = process.communicate(timeout=DRAW.uniform(0.005, 1.1 * DURATION))
                assert process.returncode == 0, error.decode()
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                done += 1
                progress(done, count, "kills")
        finish(f"kill {done}", folder)
    print(f"{done} kills in {runs} runs")


def shimmed(folder, **extra):
    os.makedirs(folder, exist_ok=True)
    environment = dict(os.environ, LD_PRELOAD=SHIM, CRASH_FOLDER=os.path.realpath(folder), **extra)
    return subprocess.run(command(folder, every=40), capture_output=True, text=True, env=environment)


def interrupted_run(folder, seconds):
    """A run that is somewhere in its middle."""
    fresh(folder)
    process = subprocess.Popen(command(folder, every=5), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    process.wait()


def copy(source, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    shutil.copy("middle.jsonl", "w.jsonl")


def middle():
    """The folder "middle" with two checkpoints and the log that goes with them."""
    seconds = DURATION / 2
    while True:
        interrupted_run("middle", seconds)
        if len(steps_in("middle")) == 2 and not os.path.exists("w.safetensors"):
            break
        seconds *= DRAW.uniform(0.6, 1) if os.path.exists("w.safetensors") else DRAW.uniform(1, 1.5)
    for name in os.listdir("middle"):
        if name.endswith(".tmp"):
            os.remove(os.path.join("middle", name))
    shutil.copy("w.jsonl", "middle.jsonl")


def recorded():
    """The operations of a run from "middle" to its end: (kind, names, bytes)."""
    copy("middle", "recorded")
    if os.path.exists("ops"):
        os.remove("ops")
    done = shimmed("recorded", CRASH_RECORD=os.path.abspath("ops"))
    assert done.returncode == 0, done.stderr
    operations = []
    with open("ops", "rb") as file:
        while line := file.readline():
            *words, size = line.decode().split()
            operations.append((words[0], words[1:], file.read(int(size))))
    assert any(kind == "rename" for kind, _, _ in operations) and any(kind == "fsync" for kind, _, _ in operations)
    return operations


def points(count):
    total = len(recorded())
    chosen = range(total) if not count else sorted(DRAW.sample(range(total), min(count, total)))
    early = 0
    for n in chosen:
        copy("middle", "point")
        done = shimmed("point", CRASH_AT=str(n))
        # A checkpoint that is due while one is still being written is left out: a run may have fewer operations.
        early += done.returncode == 0
        assert done.returncode in (-9, 0), f"operation {n}: {done.returncode} {done.stderr}"
        assert steps_in("point"), f"operation {n}: no checkpoint is left"
        finish(f"kill in front of operation {n}", "point")
    assert early <= 1 + len(chosen) // 3, f"{early} of {len(chosen)} runs ended before their operation"
    print(f"{len(chosen)} of {total} operations")


class Disk:
    """A folder whose operations last from when they are flushed, or by chance."""

    def __init__(self, folder):
        self.names = {name: [bytes_of(os.path.join(folder, name))] for name in os.listdir(folder)}

    def state(self, operations, lasting):
        """The files after the operations, of which only those in `lasting` reach the disk."""
        names, opened = dict(self.names), dict(self.names)  # what the disk says; what the process sees
        contents = {id(file): (file[0], 0) for file in names.values()}
        for number, (kind, args, data) in enumerate(operations):
            lasts = number in lasting
            if kind == "create":
                opened[args[0]] = [b""]
                contents[id(opened[args[0]])] = (b"", 0)
                if lasts:
                    names[args[0]] = opened[args[0]]
            elif kind == "truncate" and args[0] in opened:
                contents[id(opened[args[0]])] = (b"" if lasts else contents[id(opened[args[0]])][0], 0)
            elif kind == "write" and args[0] in opened:
                file = id(opened[args[0]])
                content, at = contents[file]
                if lasts:
                    content = content[:at].ljust(at, b"\0") + data + content[at + len(data) :]
                contents[file] = (content, at + len(data))
            elif kind == "rename":
                opened[args[1]] = opened.pop(args[0])
                if lasts:
                    names.pop(args[0], None)
                    names[args[1]] = opened[args[1]]
            elif kind == "unlink":
                opened.pop(args[0], None)
                if lasts:
                    names.pop(args[0], None)
        return {name: contents[id(file)][0] for name, file in names.items()}


def unflushed(operations):
    """The numbers of the operations that no flush behind them has made lasting."""
    pending, owner = [], {}
    for number, (kind, args, _) in enumerate(operations):
        if kind == "fsync" and args[0] == ".":
            pending = [n for n in pending if operations[n][0] in ("write", "truncate")]
        elif kind == "fsync":
            pending = [n for n in pending if operations[n][0] not in ("write", "truncate") or owner[n] != args[0]]
        elif kind != "open":
            pending.append(number)
            owner[number] = args[0]
            if kind == "rename":
                owner = {n: args[1] if name == args[0] else name for n, name in owner.items()}
    return pending


def power(count):
    operations = recorded()
    disk = Disk("middle")
    states = {}
    for end in range(len(operations) + 1):
        prefix = operations[:end]
        pending = unflushed(prefix)
        flushed = set(range(end)) - set(pending)
        subsets = range(1 << len(pending)) if len(pending) <= 8 else [0, (1 << len(pending)) - 1] + [DRAW.getrandbits(len(pending)) for _ in range(1000)]
        for bits in subsets:
            files = disk.state(prefix, flushed | {n for i, n in enumerate(pending) if bits >> i & 1})
            states.setdefault(tuple(sorted(files.items())), end)
    chosen = list(states)
    if count and count < len(chosen):
        chosen = DRAW.sample(chosen, count)
    for done, files in enumerate(chosen):
        progress(done, len(chosen), "states")
        copy("middle", "power")
        for name in os.listdir("power"):
            os.remove(os.path.join("power", name))
        for name, content in files:
            with open(os.path.join("power", name), "wb") as file:
                file.write(content)
        # The log lies elsewhere; it is as long as the last checkpoint wants it, or longer.
        shutil.copy("good.jsonl", "w.jsonl")
        finish(f"power cut behind operation {states[files]}: {[(n, len(c)) for n, c in files]}", "power")
    print(f"{len(chosen)} of {len(states)} states that a power cut leaves")


def damage(count):
    newest = max(steps_in("middle"))
    names = [f"checkpoint-{step:012}.safetensors" for step in steps_in("middle")]
    places = [(name, at) for name in names for at in range(0, os.path.getsize(os.path.join("middle", name)), 512)]
    chosen = places if not count else DRAW.sample(places, min(count, len(places)))
    for name, at in chosen:
        for way in "flip", "cut":
            copy("middle", "damaged")
            path = os.path.join("damaged", name)
            content = bytearray(bytes_of(path))
            if way == "flip":
                content[min(at + DRAW.randrange(512), len(content) - 1)] ^= 1 << DRAW.randrange(8)
            else:
                del content[at:]
            with open(path, "wb") as file:
                file.write(content)
            what = f"{name} {way} at {at}"
            finish(what, "damaged", {int(names[0][11:-12])} if name == names[-1] else {newest})
            # Alone it is refused, and stays as it is.
            shutil.rmtree("damaged")
            os.makedirs("damaged")
            with open(path, "wb") as file:
                file.write(content)
            done = subprocess.run(command("damaged"), capture_output=True, text=True)
            assert done.returncode == 1 and "no checkpoint in 'damaged' is whole" in done.stderr, f"{what}: {done}"
            assert bytes_of(path) == bytes(content)
    print(f"{len(chosen)} of {len(places)} pieces of 512 bytes")


subprocess.run([sys.executable, DATA], check=True)
START = time.time()
fresh("good")
subprocess.run(command("good", resume=False, name="good"), check=True, stdout=subprocess.DEVNULL)
DURATION = time.time() - START
finish("a run without events", fresh("plain"))
middle()
for name, action in ("kills", kills), ("points", points), ("power", power), ("damage", damage):
    if name in COUNTS:
        action(COUNTS[name])
