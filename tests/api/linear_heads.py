"""Hidden states of two models, their last layers, and the loss of their logits."""

import numpy as np

from kldiv_xp import kl_div_with_logits, linear_kl_div

RNG = np.random.default_rng(8)
SHAPE, WIDTH, OTHER, SIZE = (2, 3), 5, 4, 7
HIDDEN, TEACHER = RNG.normal(size=(*SHAPE, WIDTH)), RNG.normal(size=(*SHAPE, OTHER))
WEIGHT, TARGET_WEIGHT = RNG.normal(size=(SIZE, WIDTH)), RNG.normal(size=(SIZE, OTHER))
BIAS, TARGET_BIAS = RNG.normal(size=(2, SIZE))
LOGITS, TARGET = HIDDEN @ WEIGHT.T + BIAS, TEACHER @ TARGET_WEIGHT.T + TARGET_BIAS
HEADS = (HIDDEN, WEIGHT, TEACHER, BIAS, TARGET_WEIGHT, TARGET_BIAS)


def of_heads(hidden, weight, teacher, bias, target_weight, target_bias, where=None, **options):
    """The loss of two models."""
    return linear_kl_div(
        hidden,
        weight,
        teacher,
        bias=bias,
        target_weight=target_weight,
        target_bias=target_bias,
        where=where,
        **options,
    )


def of_logits(hidden, weight, teacher, bias, target_weight, target_bias, where=None, **options):
    """The same by logits."""
    logits = hidden @ weight.T + bias
    return kl_div_with_logits(
        logits, teacher @ target_weight.T + target_bias, where=where, **options
    )
