"""Distributions, ways to spoil them, and the one finding of a report."""

import numpy as np

RNG = np.random.default_rng(0)


def softmax(logits, axis=-1):
    exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


LOGITS = 2 * RNG.standard_normal((6, 5))
Q, P = softmax(LOGITS), softmax(RNG.standard_normal((6, 5)))
LOG_Q, LOG_P = np.log(Q), np.log(P)


def changed(array, *places):
    """The array with some entries replaced."""
    array = array.copy()
    for place, value in places:
        array[place] = value
    return array


def only(report):
    (finding,) = report.findings
    return finding
