# The networks of examples/ have as many trained numbers as published, and no example has a warning.
# usage: parameters.py NNC EXAMPLES. Exits 1 with one line per difference.
import subprocess
import sys
from pathlib import Path

PARAMETERS = {
    "alexnet.nn": 61_100_840,
    "char_lstm.nn": 349_569,
    "denoising_autoencoder.nn": 209_968,
    "googlenet.nn": 6_624_904,
    "gpt.nn": 809_856,
    "kfold.nn": 75,
    "lenet.nn": 61_706,
    "majority.nn": 210,
    "mlp.nn": 109_386,
    "mobilenetv2.nn": 3_504_872,
    "resnet18.nn": 11_173_962,
    "resnet18_224.nn": 11_689_512,
    "resnet50.nn": 25_557_032,
    "tcn.nn": 4_033,
    "time2vec.nn": 49,
    "transfer.nn": 20_010,
    "vgg16.nn": 138_357_544,
}


def main(nnc, examples):
    complaints = []
    for path in sorted(Path(examples).glob("*.nn")):
        checked = subprocess.run([nnc, "check", path], capture_output=True, text=True)
        if checked.returncode or checked.stderr:
            complaints.append(checked.stderr)
            continue
        summary = subprocess.run([nnc, "summary", path], capture_output=True, text=True, check=True).stdout
        # A file that imports another one has the models of both: its own is the last.
        trained = [int(line.split()[0]) for line in summary.splitlines() if line.endswith(" trainable") and "not" not in line][-1]
        if trained != PARAMETERS.get(path.name):
            complaints.append(f"{path.name} has {trained} parameters, wanted are {PARAMETERS.get(path.name)}")
    print("\n".join(complaints) or f"{len(PARAMETERS)} examples are what they are said to be")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
