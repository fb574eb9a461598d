"""TensorFlow, and tf.keras.losses.KLDivergence: of probabilities, summed over the last axis."""

from dataclasses import replace

import tensorflow as tf

from kldiv_conformance import ADAPTERS


def gradient(function, input, target, upstream):
    with tf.GradientTape() as tape:
        tape.watch([input, target])
        loss = function(input, target) * upstream
    return tape.gradient(loss, [input, target], unconnected_gradients="zero")


def make(values, shape, dtype):
    return tf.cast(tf.reshape(tf.constant(values, tf.float64), shape), dtype)


NAMED = replace(ADAPTERS["jax"], name="tensorflow", library="tensorflow")
ADAPTER = replace(NAMED, make=make, read=lambda tensor: tensor.numpy(), gradient=gradient)


def kl_div(input, target, *, reduction, log_target):
    if log_target or input.ndim == 0 or reduction in {"none", "mean"}:
        raise NotImplementedError("Keras takes probabilities, and gives no less than row sums.")
    divisor = input.shape[0] if reduction == "batchmean" else 1
    kind = "sum" if reduction == "batchmean" else reduction
    loss = tf.keras.losses.KLDivergence(reduction=kind, dtype=target.dtype.name)
    return loss(target, tf.exp(input)) / divisor
