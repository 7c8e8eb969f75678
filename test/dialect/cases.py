# One line per op: what its generated tests run it on. An operand is an extent tuple, with a range where [-2, 2] will not do
# or a type where it is not floating-point; its numbers are chosen away from ties and zero (tools/reference/Inputs.h).
from dataclasses import dataclass, field


@dataclass
class Operand:
    shape: tuple
    low: float = -2
    high: float = 2
    type: str = None  # None: the test's floating-point type


@dataclass
class Case:
    operands: list
    attributes: dict = field(default_factory=dict)
    shape: tuple = None   # of the result where it cannot be inferred
    type: str = None      # of the result where it is not the first operand's


def x(*shape, low=-2, high=2, type=None):
    return Operand(shape, low, high, type)


def unary(low=-2, high=2):
    return [Case([x(*shape, low=low, high=high)]) for shape in [(), (7,), (4, 3), (2, 1, 5)]]


def binary(low=-2, high=2, low_b=None, high_b=None):
    return [Case([x(*shape, low=low, high=high), x(*shape, low=low if low_b is None else low_b,
                                                   high=high if high_b is None else high_b)])
            for shape in [(), (7,), (3, 4)]]


def bytes_():
    return [Case([x(3, 11, type="ui8"), x(3, 11, type="ui8")])]


def integers():
    """Every pair of signs, zeros, and the quotient that does not fit."""
    least = -2**31
    return bytes_() + [Case([x(90, type="i32", low=-9, high=9), x(90, type="i32", low=-3, high=3)]),
                       Case([x(3, type="i32", low=least, high=least), x(3, type="i32", low=-1, high=-1)])]


def convolution(x_shape, w_shape, y_shape, **attributes):
    rank = len(x_shape) - 2
    full = {"strides": [1] * rank, "low": [0] * rank, "high": [0] * rank, "dilation": [1] * rank, "groups": 1}
    return tuple(x_shape), tuple(w_shape), tuple(y_shape), full | attributes


CONVOLUTIONS = [
    convolution((2, 3, 8), (4, 3, 3), (2, 4, 8), low=[1], high=[1]),
    convolution((1, 2, 5, 4), (3, 2, 2, 3), (1, 3, 4, 2)),
    convolution((2, 4, 7, 6), (6, 2, 3, 3), (2, 6, 3, 4), groups=2, strides=[2, 1], low=[0, 2], high=[1, 0], dilation=[1, 2]),
    convolution((1, 1, 3, 4, 3), (2, 1, 2, 2, 2), (1, 2, 2, 2, 2), strides=[1, 2, 1]),
]
WINDOWS = [  # large, small, attributes
    ((2, 3, 4, 6), (2, 3, 2, 3), {"window": [2, 2], "strides": [2, 2], "low": [0, 0], "high": [0, 0]}),
    ((2, 7), (2, 4), {"window": [3], "strides": [2], "low": [1], "high": [1]}),
    ((1, 5, 5), (1, 2, 5), {"window": [2, 3], "strides": [3, 1], "low": [0, 1], "high": [0, 1]}),
]

INDEXED = [  # x, the index, the axis, the gathered
    ((5,), x(type="i32", low=-2, high=6), 0, ()),
    ((5, 3), x(7, type="i64", low=-2, high=6), 0, (7, 3)),
    ((2, 4, 3), x(2, 5, type="ui8", low=0, high=5), 1, (2, 2, 5, 3)),
    ((3, 6), x(1, type="i32", low=0, high=5), 1, (3, 1)),
]

CASES = {
    "neg": unary(), "abs": unary(), "sign": unary(), "exp": unary(), "expm1": unary(), "tanh": unary(), "sigmoid": unary(),
    "sin": unary(), "cos": unary(), "erf": unary(), "floor": unary(), "ceil": unary(), "round": unary(),
    "log": unary(0.3, 3), "log1p": unary(-0.7, 3), "sqrt": unary(0.3, 3), "rsqrt": unary(0.3, 3), "stop_gradient": unary(),
    "add": binary(), "sub": binary(), "mul": binary(), "max": binary() + bytes_(), "min": binary() + bytes_(),
    "div": binary(low_b=0.5, high_b=2) + integers(), "pow": binary(0.3, 2, -2, 3), "mod": binary(-5, 5, 1, 2) + integers() +
           [Case([x(7, low=-5, high=5), x(7, low=-2, high=-1)])],
    "and": [Case([x(7, type="i1"), x(7, type="i1")])],
    "or": [Case([x(7, type="i1"), x(7, type="i1")])],
    "compare": [Case([x(3, 4, type=t), x(3, 4, type=t)], {"predicate": p}, type="i1")
                for p in ("eq", "ne", "lt", "le", "gt", "ge") for t in (None, "i32", "ui8")],
    "select": [Case([x(3, 4, type="i1"), x(3, 4), x(3, 4)], type="float"), Case([x(type="i1"), x(), x()], type="float")],
    "cast": [Case([x(3, 4)], type=t) for t in ("f32", "f64", "i32", "i64", "i1")] +
            [Case([x(3, 4, type=t)], type="float") for t in ("ui8", "i32", "i1")] +
            [Case([x(9, low=-100, high=600)], type="ui8"), Case([x(9, low=-1e11, high=1e11)], type="i32"), Case([x(5, type="ui8")], type="i32"), Case([x(5, type="i1")], type="i32")],
    "constant": [Case([], {"value": [[1.5, -2.0, 3.0], [0.0, 0.25, 7.0]]}, type="float")],
    "iota": [Case([], {"axis": 1}, shape=(2, 3, 2), type="i32"), Case([], {"axis": 0}, shape=(4,), type="float")],
    "broadcast": [Case([x(3)], {"dims": [1]}, shape=(4, 3)), Case([x()], {"dims": []}, shape=(2, 3)),
                  Case([x(2, 4)], {"dims": [0, 2]}, shape=(2, 3, 4)), Case([x(5)], {"dims": [0]}, shape=(5, 1))],
    "reshape": [Case([x(4, 6)], shape=(4, 2, 3)), Case([x(2, 3, 2)], shape=(12,)), Case([x(1, 1)], shape=()),
                Case([x()], shape=(1, 1)), Case([x(3, 4)], shape=(2, 6))],
    "transpose": [Case([x(4, 3)], {"permutation": [1, 0]}), Case([x(2, 3, 4)], {"permutation": [2, 0, 1]})],
    "slice": [Case([x(4, 6)], {"offsets": [0, 1], "strides": [1, 2]}, shape=(4, 3)),
              Case([x(5)], {"offsets": [2], "strides": [1]}, shape=(1,)),
              Case([x(7, 2)], {"offsets": [1, 1], "strides": [3, 1]}, shape=(2, 1))],
    "pad": [Case([x(4)], {"low": [1], "high": [2], "interior": [0]}),
            Case([x(3, 2)], {"low": [0, 2], "high": [1, 0], "interior": [2, 1]})],
    "concat": [Case([x(4, 3), x(2, 3)], {"axis": 0}), Case([x(2, 1), x(2, 3), x(2, 2)], {"axis": 1})],
    "reduce_sum": [Case([x(4, 3)], {"axes": a}) for a in ([0], [1], [0, 1], [])] + [Case([x(2, 3, 4)], {"axes": [0, 2]})],
    "reduce_max": [Case([x(4, 3)], {"axes": a}) for a in ([0], [1], [0, 1])] + [Case([x(2, 3, 4)], {"axes": [1]})] +
                  [Case([x(9, 4, type="ui8")], {"axes": a}) for a in ([0], [1])],
    "reduce_min": [Case([x(4, 3)], {"axes": a}) for a in ([0], [1], [0, 1])] + [Case([x(2, 3, 4)], {"axes": [1]})] +
                  [Case([x(9, 4, type="ui8")], {"axes": a}) for a in ([0], [1])],
    "gather": [Case([x(*s), i], {"axis": a}) for s, i, a, _ in INDEXED] + [Case([x(4, 2, type="i32"), x(3, type="i32")], {"axis": 0})],
    "scatter_sum": [Case([x(*d), i], {"axis": a}, shape=s) for s, i, a, d in INDEXED],
    "argmax": [Case([x(4, 3)], {"axis": 1}, type="i32"), Case([x(5, 2)], {"axis": 0}, type="i32"), Case([x(9)], {"axis": 0}, type="i32"),
               Case([x(9, 4, type="ui8")], {"axis": 0}, type="i32"), Case([x(4, 7, type="i1")], {"axis": 1}, type="i32")],
    "contract": [Case([x(4, 5), x(3, 5)], {"lhs": [0, 2], "rhs": [1, 2], "out": [0, 1]}),
                 Case([x(2, 4, 3), x(2, 3, 5)], {"lhs": [0, 1, 2], "rhs": [0, 2, 3], "out": [1, 0, 3]}),
                 Case([x(6), x(6)], {"lhs": [0], "rhs": [0], "out": []}),
                 Case([x(3), x(4)], {"lhs": [0], "rhs": [1], "out": [1, 0]}),
                 Case([x(2, 3, 2), x(2, 3)], {"lhs": [1, 0, 2], "rhs": [2, 0], "out": [1]})],
    "conv": [Case([x(*a), x(*b)], attributes) for a, b, _, attributes in CONVOLUTIONS],
    "conv_input_grad": [Case([x(*c), x(*b)], attributes, shape=a) for a, b, c, attributes in CONVOLUTIONS],
    "conv_weight_grad": [Case([x(*a), x(*c)], attributes, shape=b) for a, b, c, attributes in CONVOLUTIONS],
    "window_sum": [Case([x(*a)], attributes) for a, _, attributes in WINDOWS],
    "window_spread": [Case([x(*b)], attributes, shape=a) for a, b, attributes in WINDOWS],
    "window_max": [Case([x(*a)], attributes) for a, _, attributes in WINDOWS],
    "window_max_spread": [Case([x(*a), x(*b)], attributes) for a, b, attributes in WINDOWS],
    "window_max_pick": [Case([x(*a), x(*a)], attributes) for a, _, attributes in WINDOWS],
    "random_uniform": [Case([x(type="i64"), x(type="i64")], {"path": p, "draw": d, "application": 1}, shape=(3, 5), type="float")
                       for p, d in ((7, 0), (0x123456789ABCDEF, 3))],
}
