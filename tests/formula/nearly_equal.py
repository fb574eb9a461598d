"""Rows of logits at every distance, and their divergences by arithmetic of many digits."""

from functools import cache

import numpy as np
from formula.exact import exact_js, exact_kl


@cache
def pairs(dtype, size=7):
    """Students and teachers of every kind: flat and peaked, offset, nearly equal and far apart."""
    rng, found = np.random.default_rng(5), []
    for spread in (1, 4, 12):
        for offset in (0, 0.5, 30):
            for noise in (1e-5, 1e-4, 1e-2, 0.2, 1, 10):
                teacher = (spread * rng.normal(size=size)).astype(dtype)
                found.append((teacher + noise * rng.normal(size=size) + offset, teacher))
    return [np.asarray(one, dtype) for one in zip(*found, strict=True)]


@cache
def exact_rows(dtype, beta=None):
    """Divergences of `pairs`."""
    exact = exact_kl if beta is None else lambda *pair: exact_js(*pair, beta)
    return [exact(*pair) for pair in zip(*pairs(dtype), strict=True)]
