# Attention and transformers, a query and a head at a time; networks for time series.
import numpy as np

from case import Case, DrawCase, ids, real
from layer_cases import convolve

TRIPLE = {"q": real(2, 3, 4), "k": real(2, 5, 4, high=1.7), "v": real(2, 5, 3, low=-1)}
HEADS = {"q": real(1, 2, 3, 2), "k": real(1, 2, 3, 2, high=1.7), "v": real(1, 2, 3, 2, low=-1)}
SEQUENCE = {"x": real(2, 3, 4)}


def attention(q, k, v, causal=False, scale=None, mask=None):
    """Each query's mean of the values that it may see, weighted by e^(q·k)."""
    y = np.zeros((*q.shape[:-1], v.shape[-1]))
    mask = np.ones((q.shape[-2], k.shape[-2]), bool) if mask is None else mask
    mask = np.broadcast_to(mask, (*q.shape[:-1], k.shape[-2]))
    for at in np.ndindex(*q.shape[:-1]):
        seen = [j for j in range(k.shape[-2]) if mask[at][j] and (not causal or j <= at[-1])]
        lead = at[:-1]
        powers = np.exp([q[at] @ k[lead][j] * (scale or q.shape[-1] ** -0.5) for j in seen])
        if seen:
            y[at] = powers @ v[lead][seen] / powers.sum()
    return y



def heads_of(q, k, v, heads, causal=False, mask=None):
    parts = [attention(*part, causal, None, mask) for part in zip(*(np.split(a, heads, -1) for a in (q, k, v)))]
    return np.concatenate(parts, -1)


def multi_head(x, memory, w, b, out, out_bias, heads, causal=False, mask=None):
    (wq, wk, wv), (bq, bk, bv) = np.split(w, 3), np.split(b, 3)
    return heads_of(x @ wq.T + bq, memory @ wk.T + bk, memory @ wv.T + bv, heads, causal, mask) @ out.T + out_bias


def self_attention(x, heads, in_proj_weight, out_proj_weight, in_proj_bias=0.0, out_proj_bias=0.0, **how):
    b = np.broadcast_to(in_proj_bias, in_proj_weight.shape[:1])
    return multi_head(x, x, in_proj_weight, b, out_proj_weight, out_proj_bias, heads, **how)


def norm(x, weight, bias, epsilon=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon) * weight + bias


def transformer(x, heads, p, first=False, act=lambda h: np.maximum(h, 0), causal=False, mask=None, epsilon=1e-5):
    def attend(h):
        return multi_head(h, h, p["self_attn_in_proj_weight"], p["self_attn_in_proj_bias"], p["self_attn_out_proj_weight"],
                          p["self_attn_out_proj_bias"], heads, causal, mask)

    def inner(h):
        return act(h @ p["linear1_weight"].T + p["linear1_bias"]) @ p["linear2_weight"].T + p["linear2_bias"]

    def normal(h, k):
        return norm(h, p[f"norm{k}_weight"], p[f"norm{k}_bias"], epsilon)
    if first:
        h = x + attend(normal(x, 1))
        return h + inner(normal(h, 2))
    h = normal(x + attend(x), 1)
    return normal(h + inner(h), 2)


def rotary(x, base=10000.0, halves=False):
    t, d = x.shape[-2:]
    y = np.empty_like(x)
    for p, i in np.ndindex(t, d // 2):
        a, b = (i, i + d // 2) if halves else (2 * i, 2 * i + 1)
        turn = np.exp(1j * p / base ** (2 * i / d)) * (x[..., p, a] + 1j * x[..., p, b])
        y[..., p, a], y[..., p, b] = turn.real, turn.imag
    return y


def causal(x, weight, bias, dilation):
    return convolve(x, weight, bias, (1,), ((weight.shape[2] - 1) * dilation,), (0,), (dilation,))


def block(x, p, dilation=1):
    h = np.maximum(causal(x, p["conv1_weight"], p["conv1_bias"], dilation), 0)
    h = np.maximum(causal(h, p["conv2_weight"], p["conv2_bias"], dilation), 0)
    return np.maximum(h + (causal(x, p["downsample_weight"], p["downsample_bias"], 1) if "downsample_weight" in p else x), 0)


def tcn(x, p):
    for level in range(2):
        prefix = f"level{level}_temporal_block_1_"
        x = block(x, {k.removeprefix(prefix): v for k, v in p.items() if k.startswith(prefix)}, 2**level)
    return x


def time2vec(x, weight, bias):
    y = x @ weight.T + bias
    return np.concatenate([y[..., :1], np.sin(y[..., 1:])], -1)


def rescaled(y, x):
    """Dropout of the weights of all queries on values of 1: multiples of 1/(1 - rate) whose mean is 1."""
    return None if abs(y.mean() - 1) < 0.1 and y.std() > 0.05 else f"has the mean {y.mean()} and the deviation {y.std()}"


ATTENTION = [
    Case("dot_product_attention attention attention_scores", "dot_product_attention(q, k, v)", TRIPLE, attention, second=True),
    Case("dot_product_attention attention attention_scores", "dot_product_attention(causal: true, scale: 0.5)(q, k, v)", HEADS,
         lambda q, k, v: attention(q, k, v, True, 0.5), second=True),
    Case("dot_product_attention attention attention_scores", "dot_product_attention(q, k, v, mask: m > 0)", TRIPLE | {"m": ids(2, 3, 5, below=2)},
         lambda q, k, v, m: attention(q, k, v, mask=m > 0), second=True),
    Case("dot_product_attention attention attention_scores", "dot_product_attention(causal: true)(q, k, v, m > 1)", HEADS | {"m": ids(3, 3, below=3)},
         lambda q, k, v, m: attention(q, k, v, True, mask=m > 1)),
    Case("attention_weights masked_softmax", "attention_weights(q, k, 0.5, true, m > 0)", {"q": real(2, 4, 3), "k": real(2, 4, 3), "m": ids(2, 4, 4, below=2)},
         lambda q, k, m: attention(q, k, np.broadcast_to(np.eye(4), (2, 4, 4)), True, 0.5, m > 0)),
    Case("attention_weights masked_softmax", "attention_weights(q, k, 0.5, false, m > 0)", {"q": real(3, 3), "k": real(5, 3), "m": ids(5, below=2)},
         lambda q, k, m: attention(q, k, np.eye(5), False, 0.5, m > 0)),
    Case("dot_product_attention length_mask", "dot_product_attention(q, k, v, mask: length_mask(m, 5)[:, new])", TRIPLE | {"m": ids(2, below=6, first=1)},
         lambda q, k, v, m: attention(q, k, v, mask=np.arange(5) < m[:, None, None])),
    Case("masked_softmax", "masked_softmax(x, y > 9)", {"x": real(3, 4), "y": ids(3, 4, below=2)}, lambda x, y: 0 * x),
    Case("SelfAttention Attend split_heads merge_heads", "x |> SelfAttention(2)", SEQUENCE, lambda x, **p: self_attention(x, 2, **p)),
    Case("SelfAttention Attend split_heads merge_heads", "x |> SelfAttention(1, causal: true, bias: false)", {"x": real(1, 4, 3)},
         lambda x, **p: self_attention(x, 1, **p, causal=True)),
    Case("SelfAttention Attend", "SelfAttention(2)(x, m > 0)", SEQUENCE | {"m": ids(2, 3, 3, below=2)},
         lambda x, m, **p: np.concatenate([self_attention(x[k:k + 1], 2, **p, mask=m[k] > 0) for k in range(2)])),
    Case("CrossAttention Attend", "CrossAttention(2)(x, m)", SEQUENCE | {"m": real(2, 5, 4, high=1.5)},
         lambda x, m, **p: multi_head(x, m, p["in_proj_weight"], p["in_proj_bias"], p["out_proj_weight"], p["out_proj_bias"], 2)),
    Case("CrossAttention Attend", "CrossAttention(1)(x, m, y > 0)", {"x": real(1, 2, 3), "m": real(1, 4, 3, high=1.5), "y": ids(2, 4, below=3)},
         lambda x, m, y, **p: multi_head(x, m, p["in_proj_weight"], p["in_proj_bias"], p["out_proj_weight"], p["out_proj_bias"], 1, mask=y > 0)),
    Case("TransformerBlock", "x |> TransformerBlock(2)", SEQUENCE, lambda x, **p: transformer(x, 2, p)),
    Case("TransformerBlock", "x |> TransformerBlock(1, hidden: 5, causal: true, norm_first: true, activation: tanh, epsilon: 0.1)",
         {"x": real(1, 4, 3)}, lambda x, **p: transformer(x, 1, p, True, np.tanh, True, epsilon=0.1)),
    Case("LearnedPositions", "x |> LearnedPositions", SEQUENCE, lambda x, weight: x + weight),
    Case("LearnedPositions", "x |> LearnedPositions(init: zeros)", {"x": real(1, 5, 2)}, lambda x, weight: x + weight),
    Case("rotary_embedding", "x |> rotary_embedding", {"x": real(2, 5, 6)}, rotary),
    Case("rotary_embedding", "x |> rotary_embedding(base: 100, halves: true)", {"x": real(1, 2, 7, 4)}, lambda x: rotary(x, 100.0, True)),
    DrawCase("SelfAttention Attend", "Attend(2, false, 0.5)(x, x, ones_like(x), none)", {"x": real(16, 10, 8)}, rescaled),
    Case("TemporalBlock", "x |> TemporalBlock(3)", {"x": real(2, 3, 6)}, lambda x, **p: block(x, p)),
    Case("TemporalBlock", "x |> TemporalBlock(2, kernel: 2, dilation: 2)", {"x": real(1, 3, 5)}, lambda x, **p: block(x, p, 2)),
    Case("TCN", "x |> TCN([2, 3])", {"x": real(2, 2, 6)}, lambda x, **p: tcn(x, p)),
    Case("TCN", "x |> TCN([2, 2], kernel: 2)", {"x": real(1, 2, 7)}, lambda x, **p: tcn(x, p)),
    Case("Time2Vec", "x |> Time2Vec(3)", {"x": real(2, 5, 1)}, time2vec),
    Case("Time2Vec", "x |> Time2Vec(4)", {"x": real(3, 2)}, time2vec),
]
