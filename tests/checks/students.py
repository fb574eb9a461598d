"""Logits of a student and a teacher, each of which lacks words, and two distributions."""

import math

import numpy as np
import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits

INF = math.inf
# Words that the student lacks, that the teacher lacks, and that both lack.
STUDENT = [[1.0, -2.0, 0.5, -INF], [0.25, 1.0, -1.0, 3.0], [2.0, 2.0, 2.0, 2.0]]
TEACHER = [[2.0, -1.0, -INF, -INF], [1.0, 0.0, -INF, 2.5], [2.0, 2.0, 2.0, 2.0]]
LOG_Q, P = np.log([[0.25, 0.75], [0.5, 0.5]]), np.asarray([[0.4, 0.6], [1.0, 0.0]])
BETAS = pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 1.0])
LOSSES = pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])


def operands(backend, dtype="float64"):
    return backend.array(STUDENT, dtype), backend.array(TEACHER, dtype)


def reversed_at_one(beta, pair):
    """Operands of a finite divergence: at beta = 1 the student's words are asked of the teacher."""
    return pair[::-1] if beta == 1 else pair
