# Recurrent layers, written step by step over one sequence at a time.
import numpy as np

from case import Case, InitializerCase, ids, real

X = {"x": real(2, 4, 3)}
LONG = {"x": real(3, 6, 2)}
RAGGED = {"x": real(3, 6, 2), "lengths": ids(3, first=1, below=7)}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cell_simple(gates_x, h, u, f=np.tanh):
    return f(gates_x + u @ h)


def cell_lstm(gates_x, state, u):
    h, c = state
    i, f, g, o = np.split(gates_x + u @ h, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def cell_gru(gates_x, h, u, second, after):
    n = len(h)
    rx, zx, nx = np.split(gates_x, 3)
    r = sigmoid(rx + u[:n] @ h + second[:n])
    z = sigmoid(zx + u[n:2 * n] @ h + second[n:2 * n])
    inner = r * (u[2 * n:] @ h + second[2 * n:]) if after else u[2 * n:] @ (r * h) + second[2 * n:]
    return (1 - z) * np.tanh(nx + inner) + z * h


def states(x, w, b, start, cell, reverse=False, lengths=None):
    """The state of every step, at its step, and the last one; a state may be a tuple. Steps behind a length keep it."""
    every, last = [], []
    for row, sequence in enumerate(x):
        state, seen = start, {}
        for t in (reversed if reverse else iter)(range(len(sequence))):
            if lengths is None or t < lengths[row]:
                state = cell(w @ sequence[t] + b, state)
            seen[t] = state[0] if isinstance(state, tuple) else state
        every.append([seen[t] for t in sorted(seen)])
        last.append(state)
    return np.array(every), last


def simple(x, w, u, b, reverse=False, f=np.tanh, lengths=None):
    return states(x, w, b, np.zeros(len(u)), lambda g, h: cell_simple(g, h, u, f), reverse, lengths)


def lstm(x, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0=0.0, reverse=False, lengths=None):
    zero = np.zeros(weight_hh_l0.shape[1])
    return states(x, weight_ih_l0, bias_ih_l0 + bias_hh_l0, (zero, zero), lambda g, s: cell_lstm(g, s, weight_hh_l0),
                  reverse, lengths)


def gru(x, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0=None, reverse=False, after=True, lengths=None):
    second = np.zeros(len(bias_ih_l0)) if bias_hh_l0 is None else bias_hh_l0
    start = np.zeros(weight_hh_l0.shape[1])
    return states(x, weight_ih_l0, bias_ih_l0, start, lambda g, h: cell_gru(g, h, weight_hh_l0, second, after),
                  reverse, lengths)


def of(prefix, owned):
    return {name[len(prefix):]: value for name, value in owned.items() if name.startswith(prefix)}


def both_ways(x, owned, join, sequences, lengths=None):
    def way(prefix, reverse):
        p = of(prefix, owned)
        every, last = simple(x, p["weight_ih_l0"], p["weight_hh_l0"], p["bias_ih_l0"], reverse, lengths=lengths)
        return every if sequences else np.array(last)
    return join(way("forward_", False), way("backward_", True))


ALL_STATES = """
layer All(x: T[batch, time, n]) {
  let (hs, h, c) = x |> LSTM(2, return_sequences: true, return_state: true) as inner
  return concat(reshape(hs, [batch, time * 2]), h, c, axis: 1)
}
layer Started(x: T[batch, time, n]) {
  let step = GRU(3)
  return step(x, h0: x[:, 0])
}
"""


def all_states(x, **owned):
    every, last = lstm(x, **of("inner_", owned))
    return np.concatenate([every.reshape(len(x), -1), [h for h, _ in last], [c for _, c in last]], 1)


def started(x, step_weight_ih_l0, step_weight_hh_l0, step_bias_ih_l0):
    rows = []
    for sequence in x:
        h = sequence[0]
        for xt in sequence:
            h = cell_gru(step_weight_ih_l0 @ xt + step_bias_ih_l0, h, step_weight_hh_l0, np.zeros(9), True)
        rows.append(h)
    return np.array(rows)


def remembers(v):
    return None if np.array_equal(v, [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]) else f"is {v}"


RECURRENT = [
    InitializerCase("forget_gate_ones", "forget_gate_ones", (12,), (1, 1), remembers, "value"),
    Case("SimpleRNN", "x |> SimpleRNN(2)", X,
         lambda x, weight_ih_l0, weight_hh_l0, bias_ih_l0: np.array(simple(x, weight_ih_l0, weight_hh_l0, bias_ih_l0)[1])),
    Case("SimpleRNN steps_of", "x |> SimpleRNN(3, activation: sigmoid, return_sequences: true, backwards: true)", LONG,
         lambda x, weight_ih_l0, weight_hh_l0, bias_ih_l0: simple(x, weight_ih_l0, weight_hh_l0, bias_ih_l0, True, sigmoid)[0]),
    Case("LSTM lstm_cell", "x |> LSTM(2)", X, lambda x, **p: np.array([h for h, _ in lstm(x, **p)[1]]), second=True),
    Case("LSTM lstm_cell steps_of", "x |> LSTM(3, return_sequences: true, biases: 2, backwards: true)", LONG,
         lambda x, **p: lstm(x, **p, reverse=True)[0]),
    Case("LSTM", "x |> All", LONG, all_states, declarations=ALL_STATES),
    Case("GRU gru_cell", "x |> GRU(2, return_sequences: true, biases: 2)", X, lambda x, **p: gru(x, **p)[0]),
    Case("GRU gru_cell steps_of", "x |> GRU(3, backwards: true)", LONG, lambda x, **p: np.array(gru(x, **p, reverse=True)[1]), second=True),
    Case("GRU", "x |> GRU(2, reset_after: false, biases: 2)", LONG, lambda x, **p: np.array(gru(x, **p, after=False)[1])),
    Case("GRU", "x |> Started", X, started, declarations=ALL_STATES),
    Case("SimpleRNN kept length_mask", "x |> SimpleRNN(2, return_sequences: true)(mask: length_mask(lengths, 6))", RAGGED,
         lambda x, lengths, weight_ih_l0, weight_hh_l0, bias_ih_l0: simple(x, weight_ih_l0, weight_hh_l0, bias_ih_l0, lengths=lengths)[0]),
    Case("LSTM kept length_mask", "x |> LSTM(2, backwards: true)(mask: length_mask(lengths, 6))", RAGGED,
         lambda x, lengths, **p: np.array([h for h, _ in lstm(x, **p, reverse=True, lengths=lengths)[1]])),
    Case("GRU kept length_mask", "x |> GRU(2)(mask: length_mask(lengths, 6))", RAGGED,
         lambda x, lengths, **p: np.array(gru(x, **p, lengths=lengths)[1])),
    Case("GRU kept length_mask", "x |> GRU(2, reset_after: false)(mask: length_mask(lengths, 6))", RAGGED,
         lambda x, lengths, **p: np.array(gru(x, **p, after=False, lengths=lengths)[1])),
    Case("length_mask", "x * cast(length_mask(lengths, 4), f64)", {"x": real(3, 4), "lengths": ids(3, below=5)},
         lambda x, lengths: x * (np.arange(4) < lengths[:, None])),
    Case("Bidirectional", "x |> Bidirectional(SimpleRNN(2))", X,
         lambda x, **p: both_ways(x, p, lambda a, b: np.concatenate([a, b], -1), False)),
    Case("Bidirectional", "x |> Bidirectional(SimpleRNN(2, return_sequences: true), merge: sum)", LONG,
         lambda x, **p: both_ways(x, p, np.add, True)),
    Case("Bidirectional", "x |> Bidirectional(SimpleRNN(2, return_sequences: true), merge: mul)", X,
         lambda x, **p: both_ways(x, p, np.multiply, True)),
    Case("Bidirectional", "x |> Bidirectional(SimpleRNN(3), merge: average)", LONG,
         lambda x, **p: both_ways(x, p, lambda a, b: (a + b) / 2, False)),
    Case("Bidirectional length_mask", "x |> Bidirectional(SimpleRNN(2, return_sequences: true))(mask: length_mask(lengths, 6))", RAGGED,
         lambda x, lengths, **p: both_ways(x, p, lambda a, b: np.concatenate([a, b], -1), True, lengths)),
    Case("Bidirectional length_mask", "x |> Bidirectional(SimpleRNN(2), merge: sum)(mask: length_mask(lengths, 6))", RAGGED,
         lambda x, lengths, **p: both_ways(x, p, np.add, False, lengths)),
    Case("TimeDistributed length_mask", "x |> TimeDistributed(GRU(2))(mask: reshape(length_mask(lengths, 4), [2, 2, 4]))",
         {"x": real(2, 2, 4, 3), "lengths": ids(4, first=1, below=5)},
         lambda x, lengths, **p: np.array(gru(x.reshape(4, 4, 3), **of("gru_1_", p), lengths=lengths)[1]).reshape(2, 2, 2)),
    Case("TimeDistributed", "x |> TimeDistributed(Dense(2))", X, lambda x, dense_1_weight, dense_1_bias: x @ dense_1_weight.T + dense_1_bias),
    Case("TimeDistributed", "x |> TimeDistributed(Conv1d(2, kernel: 2, bias: false))", {"x": real(2, 3, 2, 4)},
         lambda x, conv1d_1_weight: np.stack([sum(np.einsum("bcl,oc->bol", x[:, t, :, k:k + 3], conv1d_1_weight[:, :, k])
                                                  for k in range(2)) for t in range(3)], 1)),
]
