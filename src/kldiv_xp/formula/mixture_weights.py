"""The two weights of a mixture, and the largest divergence that they allow."""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array


class Weights(NamedTuple):
    """Beta, its complement, and the largest divergence of a mixture with these weights."""

    beta: float | Array
    gamma: float | Array
    most: float | Array


def largest_shares(beta: float, gamma: float) -> tuple[float, float]:
    """beta log(1 / beta) and gamma log(1 / gamma): what each side has where they share nothing.

    Not gamma log gamma itself, which is 0 for a beta of 1e-17: right values were cut by 2.5 %.
    """
    if beta <= gamma:
        return -beta * natural_log(beta), -gamma * log_complement(beta)
    return -beta * log_complement(gamma), -gamma * natural_log(gamma)


def natural_log(number: float) -> float:
    """Logarithm, by that to base 2, which torch.compile knows of a number that it keeps open."""
    return math.log2(number) * 0.6931471805599453


def log_complement(number: float) -> float:
    """Logarithm of 1 - number, exact where the number is small (Kahan's log1p)."""
    complement = 1 - number
    if complement == 1:
        return -number
    return natural_log(complement) * (number / (1 - complement))
