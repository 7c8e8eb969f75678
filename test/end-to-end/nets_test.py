# The reference itself: gradients of nets.py against central differences. Exits 1 with one line per gradient that is wrong.
import numpy as np

import first_twenty_steps as steps
import nets


def main():
    complaints = []
    for make in (steps.mlp, steps.lenet, steps.batchnorm):
        rng = np.random.default_rng(3)
        layers, weights, _, _ = make(rng)
        images, labels = rng.random((4, 1, 28, 28)), rng.integers(0, 10, 4)
        _, gradients = nets.loss_and_gradients(layers, dict(weights), images, labels)
        for name, g in gradients.items():
            at = tuple(rng.integers(0, n) for n in g.shape)
            values = []
            for sign in (1, -1):
                moved = dict(weights)
                moved[name] = weights[name].copy()
                moved[name][at] += sign * 1e-6
                values.append(nets.loss_and_gradients(layers, moved, images, labels)[0])
            error = abs((values[0] - values[1]) / 2e-6 - g[at])
            if error > 1e-6 * max(1, np.abs(g).max()):
                complaints.append(f"{make.__name__} {name}{at}: {g[at]:.6g}, differs by {error:.1e}")
    print("\n".join(complaints) or "all gradients agree with central differences")
    return bool(complaints)


if __name__ == "__main__":
    raise SystemExit(main())
