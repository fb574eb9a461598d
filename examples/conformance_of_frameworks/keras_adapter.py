"""Keras 3, and keras.losses.KLDivergence: KERAS_BACKEND is "torch" or "jax" before the import."""

from dataclasses import replace

import keras

from kldiv_conformance import ADAPTERS

BACKEND = keras.backend.backend()
ADAPTER = replace(ADAPTERS[BACKEND], name=f"keras-{BACKEND}", library="keras")


def kl_div(input, target, *, reduction, log_target):
    if log_target or input.ndim == 0 or reduction in {"none", "mean"}:
        raise NotImplementedError("Keras takes probabilities, and gives no less than row sums.")
    divisor = input.shape[0] if reduction == "batchmean" else 1
    kind = "sum" if reduction == "batchmean" else reduction
    loss = keras.losses.KLDivergence(
        reduction=kind, dtype=keras.backend.standardize_dtype(target.dtype)
    )
    return loss(target, keras.ops.exp(input)) / divisor
