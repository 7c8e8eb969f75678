# What a case of a library function is: a line of .nn, its inputs, and a reference written in NumPy from the formula.
from dataclasses import dataclass, field
from typing import Callable


@dataclass
class Input:
    """Deterministic numbers from `low` to `high`; of type i32, the integers among them."""
    shape: tuple
    low: float
    high: float
    type: str = "f64"


def real(*shape, low=-2.0, high=2.0):
    return Input(shape, low, high)


def ids(*shape, below, first=0):
    return Input(shape, first, below - 1, "i32")


@dataclass
class Case:
    """`body` is an expression over the inputs. `reference` is given the inputs, and the parameters of its one
    layer by name, with _ for a dot."""
    functions: str                # the library's names that it tests, separated by blanks
    body: str
    inputs: dict
    reference: Callable
    training: bool = False        # the body stands in a model that is trained; then new states are results, too
    gradients: bool = True
    tolerance: float = 1e-12      # of the largest element
    second: bool = False          # second derivatives, too
    declarations: str = ""

    @property
    def how(self):
        kinds = "values and gradients" if self.gradients else "values"
        return kinds + ", second derivatives" if self.second else kinds


@dataclass
class DrawCase:
    """A layer that draws in training: `check` is given y, then the inputs, and returns a complaint or None."""
    functions: str
    body: str
    inputs: dict
    check: Callable
    how: str = "values of a draw, gradients"
    declarations: str = "@allow(dropout-last)"
    training: bool = True
    gradients: bool = True
    second: bool = False


@dataclass
class MetricCase:
    """A metric over a full batch and one whose last rows do not count. `reference` sees the rows that count."""
    functions: str
    metric: str
    inputs: dict                  # the model's output, then the target; the first axis is the batch
    reference: Callable
    tolerance: float = 1e-12
    declarations: str = ""
    how = "values over unequal batches"


@dataclass
class InitializerCase:
    """`check` is given the initial value of a parameter of this shape and returns a complaint or None."""
    functions: str
    initializer: str
    shape: tuple
    fans: tuple
    check: Callable
    how: str = "statistics of a draw"
