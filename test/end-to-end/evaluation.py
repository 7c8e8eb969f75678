# `eval` of the MLP from given weights on data sets of N records, where N mod batch is 0, 1, batch - 1 and less than a batch:
# accuracy and the confusion matrix are exact, the loss agrees with the mean over all records in float64.
# usage: evaluation.py NNC MLP.nn FOLDER. Exits 1 with a line per difference.
import json
import re
import subprocess
import sys
from pathlib import Path

import first_twenty_steps as steps
import nets
import numpy as np

BATCH = 32


def main(nnc, model, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng, complaints = np.random.default_rng(11), []
    layers, weights, _, _ = steps.mlp(rng)
    weights = {name: value.astype(np.float32).astype(np.float64) for name, value in weights.items()}
    steps.write_safetensors(folder / "w.safetensors", weights)
    program = folder / "mlp"
    text = Path(model).read_text()
    (folder / "mlp.nn").write_text(text.replace("[accuracy]", "[accuracy, confusion_matrix]"))
    subprocess.run([nnc, folder / "mlp.nn", f"-Dbatch={BATCH}", "-o", program], check=True, stdout=subprocess.DEVNULL)
    for n in (1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH, 4 * BATCH - 1):
        images, labels = rng.integers(0, 256, (n, 28, 28)), rng.integers(0, 10, n)
        x = images[:, None] / 255.0
        for layer in layers:
            x = layer.forward(x, weights)
        # Some labels are what the model says, so that no accuracy is near zero by chance.
        labels[::3] = x.argmax(1)[::3]
        loss, _ = nets.loss_and_gradients(layers, weights, images[:, None] / 255.0, labels)
        steps.write_idx(folder / "t10k-images-idx3-ubyte.gz", images)
        steps.write_idx(folder / "t10k-labels-idx1-ubyte.gz", labels)
        said = subprocess.run([program, "eval", "--data", folder, "--weights", folder / "w.safetensors", "--quiet",
                               "--report", folder / "report"], check=True,
                              capture_output=True, text=True).stdout
        got = {key: float(value) for key, value in re.findall(r"^(loss|accuracy) (\S+)$", said, re.M)}
        accuracy = np.mean(x.argmax(1) == labels)
        if not abs(got["accuracy"] - accuracy) <= 1e-9:
            complaints.append(f"{n} records: accuracy {got['accuracy']}, exactly {accuracy:.9g}")
        table = np.zeros((10, 10), int)
        np.add.at(table, (labels, x.argmax(1)), 1)
        printed = [line.split() for line in said.partition("confusion_matrix\n")[2].splitlines()]
        if printed != [list("0123456789")] + [[str(k), *map(str, row)] for k, row in enumerate(table)]:
            complaints.append(f"{n} records: prints {said}")
        if json.loads((folder / "report" / "metrics.json").read_text())["confusion_matrix"] != table.tolist():
            complaints.append(f"{n} records: the report has another confusion matrix than {table.tolist()}")
        if not abs(got["loss"] - loss) <= 1e-6 * loss:
            complaints.append(f"{n} records: loss {got['loss']}, in float64 {loss:.9g}")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
