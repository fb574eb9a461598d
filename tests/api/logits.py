"""Logits of a student and a teacher, and their divergences written apart from the package."""

import numpy as np
import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits

RNG = np.random.default_rng(11)
SHAPE = (2, 3, 5)
STUDENT, TEACHER = RNG.normal(scale=2, size=(2, *SHAPE))
TOKENS = np.asarray([[[True], [True], [False]], [[True], [False], [False]]])
DIVERGENCES = {
    "kl": (kl_div_with_logits, {}),
    "js": (js_div_with_logits, {}),
    "js-0.2": (js_div_with_logits, {"beta": 0.2}),
    "forward": (js_div_with_logits, {"beta": 0}),
    "reverse": (js_div_with_logits, {"beta": 1}),
}
EVERY = pytest.mark.parametrize("name", DIVERGENCES)


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def kl(log_p, log_q):
    """KL(p || q) of rows, where 0 log 0 is 0."""
    with np.errstate(invalid="ignore"):
        return np.where(np.exp(log_p) == 0, 0, np.exp(log_p) * (log_p - log_q)).sum(-1)


def expected_rows(name, student, teacher, temperature=1.0):
    """Divergence of every row, written apart from the package."""
    log_q, log_p = log_softmax(student / temperature), log_softmax(teacher / temperature)
    beta = {"js": 0.5, "js-0.2": 0.2}.get(name)
    if beta is None:
        return kl(log_q, log_p) if name == "reverse" else kl(log_p, log_q)
    with np.errstate(divide="ignore"):
        log_m = np.log(beta * np.exp(log_p) + (1 - beta) * np.exp(log_q))
    return beta * kl(log_p, log_m) + (1 - beta) * kl(log_q, log_m)


def mask_on(backend, mask):
    return backend.call(lambda array: array != 0, backend.array(mask))


def finite_differences(loss, operands, place, step):
    """Derivative of the loss with respect to one operand, by central differences."""
    derivative = np.zeros(operands[place].shape)
    for index in np.ndindex(derivative.shape):
        ends = []
        for sign in (1, -1):
            moved = list(operands)
            moved[place] = operands[place].copy()
            moved[place][index] += sign * step
            ends.append(loss(*moved))
        derivative[index] = (ends[0] - ends[1]) / (2 * step)
    return derivative
