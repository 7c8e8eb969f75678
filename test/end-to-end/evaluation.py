# `eval` of the MLP from given weights on data sets of N records, where N mod batch is 0, 1, batch - 1 and less than a batch:
# accuracy is exact, the loss agrees with the mean over all records in float64.
# usage: evaluation.py NNC MLP.nn FOLDER. Exits 1 with a line per difference.
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
    subprocess.run([nnc, model, f"-Dbatch={BATCH}", "-o", program], check=True, stdout=subprocess.DEVNULL)
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
        said = subprocess.run([program, "eval", "--data", folder, "--weights", folder / "w.safetensors", "--quiet"], check=True,
                              capture_output=True, text=True).stdout
        got = {key: float(value) for key, value in re.findall(r"^(loss|accuracy) (\S+)$", said, re.M)}
        accuracy = np.mean(x.argmax(1) == labels)
        if not abs(got["accuracy"] - accuracy) <= 1e-9:
            complaints.append(f"{n} records: accuracy {got['accuracy']}, exactly {accuracy:.9g}")
        if not abs(got["loss"] - loss) <= 1e-6 * loss:
            complaints.append(f"{n} records: loss {got['loss']}, in float64 {loss:.9g}")
    print("\n".join(complaints))
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
