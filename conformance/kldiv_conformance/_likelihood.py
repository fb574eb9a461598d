"""Likelihoods of a share that has a Beta distribution."""

import math


def likelihood(hits: int, total: int, prior: tuple[float, float]) -> float:
    """Logarithm of the likelihood of some hits, over a share that has a Beta distribution."""
    return log_beta(prior[0] + hits, prior[1] + total - hits) - log_beta(*prior)


def log_beta(a: float, b: float) -> float:
    """Logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
