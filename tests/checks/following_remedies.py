"""Operands whose loss is known, and the sentence that refuses what is made of them."""

import numpy as np
import pytest
from array_libraries import library

RNG = np.random.default_rng(3)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def log_softmax(logits):
    with np.errstate(divide="ignore"):
        return np.log(softmax(logits))


LOGITS, TEACHER = RNG.normal(size=(2, 2, 3))
LOG_Q, P = np.log(softmax(LOGITS)), softmax(TEACHER)


def kl(log_q, p):
    """Sum of the terms; a term without a target is 0."""
    with np.errstate(all="ignore"):
        return np.sum(np.where(p > 0, p * (np.log(p) - log_q), 0.0))


def cast(backend, array, dtype):
    """Array of another type than the backend makes."""
    if backend.library == "torch":
        return array.to(getattr(__import__("torch"), dtype))
    if hasattr(array, "astype"):
        return array.astype(dtype)
    xp = library(backend.library)
    return xp.astype(array, getattr(xp, dtype))


def made(backend, values):
    """Array of a backend, of bools or ints where the values are."""
    array = backend.array(values)
    kind = np.asarray(values).dtype
    return array if kind == np.float64 else cast(backend, array, str(kind))


def refused(function, operands, options):
    """Sentence with which a function refuses its operands."""
    with pytest.raises((TypeError, ValueError)) as caught:
        function(*[operands[name] for name in ("input", "target")], **options)
    return str(caught.value)


LABELS, COUNTS = np.asarray([2, 0]), np.asarray([[1, 2, 1], [0, 5, 5]])
ONE_HOT = np.eye(3)[LABELS]


class Table:
    """Like a table of pandas."""

    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return self.values
