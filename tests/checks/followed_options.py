"""Operands and losses by which the remedies for other libraries' options are followed."""

import inspect
import re

import numpy as np
import pytest
from checks.every_function import CLASSES, FUNCTIONS, operands_of

import kldiv_xp

RNG = np.random.default_rng(11)
LOGITS, TEACHER = RNG.normal(size=(2, 4, 5))
LOSSES = [one for one in FUNCTIONS if one != "diagnose"]


def log_softmax(logits):
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


LOG_Q, LOG_P = log_softmax(LOGITS), log_softmax(TEACHER)
Q, P = np.exp(LOG_Q), np.exp(LOG_P)
SMOOTHED = 0.9 * P + 0.1 / 5
OF_TARGETS = "target_is='probabilities', or 'log_probabilities' if `target` holds logarithms"


def divergence(name, log_q, p):
    """Sum of the divergences, or of the Jensen-Shannon divergences."""

    def kl(one, other):
        return np.sum(one * (np.log(one) - np.log(other)))

    q = np.exp(log_q)
    m = (q + p) / 2
    return (kl(p, m) + kl(q, m)) / 2 if "js" in name.lower() else kl(p, q)


def told_for(name, option, value, **given):
    """Remedy in the refusal of an option."""
    function = getattr(kldiv_xp, name)
    with pytest.raises(TypeError) as caught:
        function(*(() if name in CLASSES else operands_of(name)), **given, **{option: value})
    return re.fullmatch(
        rf"`{option}` is no option of {name}; got [^:]*: (.*)\.", str(caught.value), re.DOTALL
    )[1]


def sum_of(name, *operands, **options):
    """Summed loss of a function, a gradient with its value, or a class."""
    function, options = getattr(kldiv_xp, name), {"reduction": "sum"} | options
    if name in CLASSES:
        return function(**options)(*operands)
    if name.endswith("gradient"):
        return function(*operands, **options, return_value=True)[0]
    return function(*operands, **options)


def parameters_of(name):
    return inspect.signature(getattr(kldiv_xp, name)).parameters


OF_TABLES = [one for one in [*LOSSES, *CLASSES] if "log_target" in parameters_of(one)]
OF_LOGITS = [
    one
    for one in [*LOSSES, *CLASSES]
    if one not in OF_TABLES and not one.startswith(("sparse", "linear"))
]


def of_logits(name):
    return name.replace("div", "div_with_logits").replace("Div", "DivWithLogits")
