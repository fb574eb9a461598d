"""Logits and probabilities that are checked, and ways to spoil them."""

import math

import numpy as np

from kldiv_xp import js_div_with_logits, kl_div_with_logits

RNG = np.random.default_rng(7)
STUDENT, TEACHER = 2 * RNG.normal(size=(2, 4, 5))
INF = math.inf


def softmax(logits):
    with np.errstate(invalid="ignore"):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)


P, Q = softmax(TEACHER), softmax(STUDENT)
LOG_P, LOG_Q = np.log(P), np.log(Q)
TO_P = {"target_is": "probabilities"}
TO_LOG_P = {"target_is": "log_probabilities"}
ROWS = np.asarray([[True], [False], [True], [True]])
VOCABULARY = (slice(None), 1)


def changed(array, *places):
    array = array.copy()
    for place, value in places:
        array[place] = value
    return array


def kl(log_q, p):
    with np.errstate(all="ignore"):
        return np.sum(np.where(p > 0, p * (np.log(p) - log_q), 0.0)) / len(p)


kl_div, js_div = kl_div_with_logits, js_div_with_logits
