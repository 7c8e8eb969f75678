# All cases, and the files of the library that are tested elsewhere.
from activation_cases import ACTIVATIONS
from attention_cases import ATTENTION
from initializer_cases import INITIALIZERS
from layer_cases import LAYERS
from loss_cases import LOSSES
from metric_cases import METRICS
from norm_cases import NORMS
from recurrent_cases import RECURRENT

ELSEWHERE = {
    "optimizers.nn": "steps against NumPy, in test/end-to-end",
    "schedules.nn": "steps against NumPy, in test/end-to-end",
}

CASES = ACTIVATIONS + ATTENTION + INITIALIZERS + LAYERS + LOSSES + METRICS + NORMS + RECURRENT
