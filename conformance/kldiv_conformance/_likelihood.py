"""Likelihoods of a share that has a Beta distribution."""

import math

# Beta priors of the share of results that are wrong where a bug shows, and of those elsewhere.
INSIDE = (4.0, 0.5)
OUTSIDE = (0.2, 20.0)


def likelihood(hits: int, total: int, prior: tuple[float, float]) -> float:
    """Logarithm of the likelihood of some hits, over a share that has a Beta distribution."""
    return log_beta(prior[0] + hits, prior[1] + total - hits) - log_beta(*prior)


def log_beta(a: float, b: float) -> float:
    """Logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
