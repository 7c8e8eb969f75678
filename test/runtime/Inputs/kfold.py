"""kfold.py NNC EVERYTHING.nn: kfold's rounds are, bit for bit, the runs of programs that were compiled for one fold each; what it prints
follows from them; its event files say what its log does; its memory does not grow with the number of folds."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

nnc, everything = sys.argv[1:3]
text = Path(everything).read_text().replace("validation = 0.2", "validation = kfold(4, index: fold, stratify: label)")
assert "kfold" in text
Path("folds.nn").write_text("const fold = 0\n" + text)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def results(line):
    words = line.split()
    return dict(zip(words[::2], words[1::2]))


def compare(folds, program, options, *definitions):
    """`definitions`: what makes nnc compile the program for a fold."""
    printed = run(f"./{program}", "kfold", "--quiet", "--log", "all.jsonl", *options).splitlines()
    log = Path("all.jsonl").read_text().splitlines(keepends=True)
    assert [line.split()[:2] for line in printed[:folds]] == [["fold", str(fold)] for fold in range(folds)], printed
    assert [json.loads(line)["fold"] for line in log] == sorted(json.loads(line)["fold"] for line in log)
    values = {}
    for fold in range(folds):
        run(nnc, "folds.nn", "-o", "one", "-D", f"fold={fold}", *definitions)
        own = results(" ".join(run("./one", "train", "--quiet", "--log", "one.jsonl", *(o for o in options if o not in ("--folds", str(folds)))).split()))
        head = f'{{"fold":{fold},'
        assert "".join("{" + line[len(head):] for line in log if line.startswith(head)) == Path("one.jsonl").read_text(), fold
        assert results(printed[fold])["fold"] == str(fold)
        assert {k: v for k, v in results(printed[fold]).items() if k != "fold"} == own, (fold, own, printed)
        for name, value in own.items():
            values.setdefault(name, []).append(float(value))
    for line, (name, numbers) in zip(printed[folds:], values.items(), strict=True):
        mean = sum(numbers) / folds
        deviation = (sum((x - mean) ** 2 for x in numbers) / (folds - 1)) ** 0.5
        found = re.fullmatch(rf"{name} (\S+) ± (\S+)", line)
        assert found and abs(float(found[1]) - mean) < 1e-6 and abs(float(found[2]) - deviation) < 1e-6, (line, mean, deviation)
    # As many epochs as early stopping leaves them: the folds differ.
    return [sum("epoch" in line for line in log if line.startswith(f'{{"fold":{fold},')) for fold in range(folds)]


run(nnc, "folds.nn", "-o", "folds")
lengths = compare(4, "folds", [])
assert len(set(lengths)) > 1, lengths
compare(4, "folds", ["--steps", "20", "--seed", "7", "--lr", "0.01", "--shuffle", "no", "--threads", "2"])
run("./one", "train", "--quiet", "--steps", "5", "--out", "start.safetensors")
without = Path("all.jsonl").read_text()
compare(4, "folds", ["--steps", "20", "--seed", "7", "--lr", "0.01", "--shuffle", "no", "--weights", "start.safetensors"])
assert Path("all.jsonl").read_text() != without
run("./folds", "kfold", "--quiet", "--steps", "20", "--log", "all.jsonl", "--tensorboard", "runs")
assert sorted(os.listdir("runs")) == [f"fold-{fold}" for fold in range(4)]
for fold in range(4):
    lines = [json.loads(line) for line in Path("all.jsonl").read_text().splitlines()]
    Path("fold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines if line.pop("fold") == fold))
    run(sys.executable, Path(__file__).with_name("event_files.py"), "fold.jsonl", f"runs/fold-{fold}", "1")
# --folds in place of what the block declares.
Path("plain.nn").write_text(text.replace("index: fold, stratify: label", "index: 0, stratify: label").replace("kfold(4", "kfold(2"))
run(nnc, "plain.nn", "-o", "plain")
Path("folds.nn").write_text(Path("folds.nn").read_text().replace("kfold(4", "kfold(3"))
compare(3, "plain", ["--folds", "3", "--steps", "12"])


def peak(folds):
    process = subprocess.Popen(["./plain", "kfold", "--folds", str(folds), "--steps", "3", "--threads", "1"], stdout=subprocess.DEVNULL)
    return os.wait4(process.pid, 0)[2].ru_maxrss


if sys.argv[3:] != ["sanitized"]:  # sanitizers keep what is freed
    few, many = peak(2), peak(40)
    assert many < few + 1024, (few, many)  # KiB
