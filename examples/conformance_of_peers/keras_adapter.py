"""keras.losses.kl_divergence, of probabilities, summed over the last axis, called as kl_div is.

Set KERAS_BACKEND, to "jax" for example, before Keras is imported.
"""

import keras
from keras import ops


def kl_div(input, target, *, reduction, log_target):
    p, q = ops.exp(target) if log_target else target, ops.exp(input)
    if reduction == "none" or len(input.shape) == 0:  # sums over an axis of size 1 are the terms
        p, q = ops.expand_dims(p, -1), ops.expand_dims(q, -1)
    terms = keras.losses.kl_divergence(p, q)
    parts = {"mean": ops.size(input), "batchmean": (*input.shape, 1)[0]}.get(reduction, 1)
    return terms if reduction == "none" else ops.sum(terms) / parts
