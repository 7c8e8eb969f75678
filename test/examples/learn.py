# Trains one example as its file says, or shorter where the table says so, and checks what it has learnt.
# usage: learn.py NNC EXAMPLES DATA FOLDER NAME. Exits 1 with a line that says what is wrong.
import random
import subprocess
import sys
from pathlib import Path

NNC = EXAMPLES = DATA = FOLDER = None


def build(example, program=None, *options):
    command = [NNC, EXAMPLES / f"{example}.nn", "-o", program or example, *options]
    subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)


def run(program, *arguments):
    """The results that the program prints, by name."""
    output = subprocess.run([f"./{program}", *arguments, "--quiet"], cwd=FOLDER, check=True, capture_output=True, text=True).stdout
    return {line.split()[0]: float(line.split()[1]) for line in output.splitlines()}


def majority():
    build("majority")
    accuracy = run("majority", "train")["accuracy"]
    return None if accuracy == 1 else f"a share of {accuracy} of all 1,024 answers is right"


def regression(example, bound):
    """The bound is what is left over the variance of the noise (0.01) or, without noise in the target, 0."""
    build(example)
    loss = run(example, "train")["loss"]
    return None if loss < bound else f"the squared error is {loss}"


def tcn():
    return regression("tcn", 0.01)


def time2vec():
    return regression("time2vec", 0.015)


def denoising_autoencoder():
    build("denoising_autoencoder")
    run("denoising_autoencoder", "train", "--data", "builtin", "--epochs", "2")
    error = run("denoising_autoencoder", "eval", "--data", "builtin")["mean_squared"]
    return None if error < 0.05 else f"the squared error is {error}, the noise's is 0.16"


def transfer():
    from safetensors_file import read_safetensors
    build("transfer", "digits", "--model=Digits")
    build("transfer", "parity")
    run("digits", "train", "--data", "builtin", "--epochs", "1")
    run("parity", "train", "--data", "builtin")
    before, after = (read_safetensors(FOLDER / f"{name}.safetensors") for name in ("digits", "parity"))
    changed = [path for path in after if path.startswith("backbone.") and (before[path] != after[path]).any()]
    if changed or after["head.weight"].shape != (2, 64):
        return f"frozen, but changed: {changed}"
    accuracy = run("parity", "eval", "--data", "builtin")["accuracy"]
    return None if accuracy > 0.93 else f"odd and even are told apart with an accuracy of {accuracy}"


def kfold():
    draw = random.Random(1)
    centres = [(5.0, 3.4, 1.5, 0.2), (5.9, 2.8, 4.3, 1.3), (6.6, 3.0, 5.6, 2.0)]
    rows = [[round(draw.gauss(c, 0.25), 1) for c in centres[i % 3]] + [i % 3] for i in range(150)]
    lines = ["sepal_length,sepal_width,petal_length,petal_width,species"] + [",".join(map(str, row)) for row in rows]
    (FOLDER / "species.csv").write_text("\n".join(lines) + "\n")
    build("kfold")
    lines = subprocess.run(["./kfold", "kfold", "--quiet"], cwd=FOLDER, check=True, capture_output=True, text=True).stdout.splitlines()
    for fold in 0, 3:
        build("kfold", "alone", "-D", f"fold={fold}")
        if (alone := f"accuracy {run('alone', 'train')['accuracy']:.9g}") not in lines[fold]:
            return f"fold {fold} alone ends with {alone}, among the others with {lines[fold]}"
    mean = float(lines[-1].split()[1])
    return None if lines[-1].startswith("accuracy ") and mean > 0.93 else f"the last line is {lines[-1]}"


def write_text():
    """Tiny Shakespeare, else words of 65 different characters."""
    source = DATA / "tinyshakespeare" / "input.txt"
    if source.exists():
        return (FOLDER / "input.txt").write_bytes(source.read_bytes())
    draw, letters = random.Random(2), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!$&',-.3:;?"
    words = [letters[i:i + 3].lower() + "e " * (i % 2) for i in range(len(letters))]
    text = "".join(draw.choice(words) + " " * draw.randrange(2) + "\n" * (draw.random() < 0.1) for _ in range(60000))
    (FOLDER / "input.txt").write_text(letters + " \n" + text)


def text(example, steps, bound):
    write_text()
    build(example)
    run(example, "train", "--steps", str(steps), "--log", "log.jsonl")
    import json
    losses = [json.loads(line)["loss"] for line in (FOLDER / "log.jsonl").read_text().splitlines()]
    last = sum(losses[-20:]) / 20
    return None if last < bound else f"after {steps} steps the loss is {last} nats"


def char_lstm():
    return text("char_lstm", 300, 2.2)


def gpt():
    return text("gpt", 600, 2.4)


if __name__ == "__main__":
    NNC, (EXAMPLES, DATA, FOLDER) = sys.argv[1], map(Path, sys.argv[2:5])
    FOLDER.mkdir(parents=True, exist_ok=True)
    complaint = globals()[sys.argv[5]]()
    print(complaint or "learnt")
    raise SystemExit(bool(complaint))
