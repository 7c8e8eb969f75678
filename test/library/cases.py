# All cases, and the files of the library that are tested elsewhere.
from activation_cases import ACTIVATIONS
from attention_cases import ATTENTION
from builtin_cases import BUILTINS
from initializer_cases import INITIALIZERS
from layer_cases import LAYERS
from loss_cases import LOSSES
from metric_cases import METRICS
from norm_cases import NORMS
from recurrent_cases import RECURRENT
from regularizer_cases import REGULARIZERS
from tensor_cases import TENSORS

ELSEWHERE = {
    "optimizers.nn": "five steps against NumPy, in test/training",
    "schedules.nn": "all steps of a run against NumPy, in test/training",
}

# Built-in functions that no expression over tensors has.
BUILTINS_ELSEWHERE = {
    "epochs": "schedules, in test/training", "pair": "layers of windows", "pairs": "layers of windows",
    "ids": "records that are out of range, in test/runtime", "random_counter": "dropout",
}

CASES = ACTIVATIONS + ATTENTION + BUILTINS + INITIALIZERS + LAYERS + LOSSES + METRICS + NORMS + RECURRENT + REGULARIZERS + TENSORS
