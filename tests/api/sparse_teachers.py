"""Logits of a student, and a teacher known by its top entries."""

import math

import numpy as np
from api.logits import log_softmax

from kldiv_xp import kl_div_with_logits

RNG = np.random.default_rng(5)
SHAPE, TOP = (2, 3, 7), 3
STUDENT, TEACHER = RNG.normal(scale=2, size=(2, *SHAPE))
# The student is certain of what the teacher names, or of another word, and some words are masked.
STUDENT[0, 0, :] += 40 * (TEACHER[0, 0] == TEACHER[0, 0].max())
STUDENT[0, 1, np.argmin(TEACHER[0, 1])] = 300
STUDENT[1, 0, np.argmin(TEACHER[1, 0])] = -math.inf
INDICES = np.argsort(-TEACHER, axis=-1)[..., :TOP][..., ::-1].copy()
TAILS = ("bucket", "zero", "renormalize")
KINDS = ("probabilities", "log_probabilities")
LOG_P = np.take_along_axis(log_softmax(TEACHER), INDICES, -1)
LOG_P[1, 1, 0] = -math.inf
GIVEN = {"probabilities": np.exp(LOG_P), "log_probabilities": LOG_P}


def dense(values, rest, size=SHAPE[-1]):
    """Array of the whole vocabulary: the values at the indices, one number elsewhere."""
    whole = np.full((*values.shape[:-1], size), rest)
    np.put_along_axis(whole, INDICES, values, -1)
    return whole


def expected_rows(tail, student=STUDENT, log_p=LOG_P, temperature=1.0):
    """The same by the loss of whole vocabularies."""
    options = {"reduction": "none", "scale_by_temperature_squared": False}
    soft = student / temperature
    if tail == "renormalize":
        return kl_div_with_logits(soft, dense(log_p, -math.inf), **options)
    if tail == "zero":
        whole = dense(log_p, -math.inf)
        return kl_div_with_logits(soft, whole, target_is="log_probabilities", **options)
    log_q = log_softmax(soft)
    rest = np.logaddexp.reduce(
        np.where(dense(np.ones(INDICES.shape), 0.0), -math.inf, log_q), axis=-1
    )
    log_q = np.append(np.take_along_axis(log_q, INDICES, -1), rest[..., None], -1)
    p = np.exp(log_p)
    p = np.append(p, 1 - p.sum(-1, keepdims=True), -1)
    return np.where(p == 0, 0, p * (np.log(np.where(p == 0, 1, p)) - log_q)).sum(-1)


def places(backend, indices=INDICES):
    return backend.make(np.asarray(indices), "int64")
