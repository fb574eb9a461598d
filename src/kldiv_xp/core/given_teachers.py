"""Log-probabilities of a teacher at hand: refused where they can be none."""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.sparse import SparseKL

# No rounding makes a sum of probabilities so large. Rounded to bfloat16, each logarithm is off by
# 2**-9 of itself, and the sum over k entries by 2**-9 * log(k), 0.03 at most. Where they are made
# in bfloat16, as the difference of two numbers of at most 128, each is off by a spacing of 0.5, and
# the sum by a factor of exp(0.5), 1.65.
MOST_PROBABILITY = 2.0


def check_sums(xp: Namespace, target: Array, divergence: SparseKL, where: Array | None) -> None:
    """Refuse logits, or probabilities, that are called log-probabilities; for arrays at hand.

    Raises
    ------
    ValueError
        If the probabilities of a selected row add up to clearly more than 1.
    """
    if divergence.target_is != "log_probabilities" or divergence.tail == "renormalize":
        return
    sums = xp.sum(xp.exp(xp.minimum(target, 1.0)), axis=-1)
    # An infinite or missing value makes the loss NaN instead.
    off = (sums > MOST_PROBABILITY) & (xp.max(target, axis=-1) < math.inf)
    off = off if where is None else off & where[..., 0]
    if not xp.any(off):
        return
    row = [float(one) for one in target[off][0]]
    message = (
        "`target` must hold log-probabilities, whose probabilities add up to at most 1 in a "
        f"sample; got a largest of {max(row):.6g} and a sum of {sum_of_exp(row):.6g}: "
        f"{for_no_logarithms(row)}."
    )
    raise ValueError(message)


def sum_of_exp(row: list[float]) -> float:
    """Sum of the exponentials; infinite where it is too large for a float."""
    try:
        return math.fsum(map(math.exp, row))
    except OverflowError:
        return math.inf


def for_no_logarithms(row: list[float]) -> str:
    """Remedy for values that are no log-probabilities."""
    if min(row) >= 0 and sum(row) < MOST_PROBABILITY:
        return "pass target_is='probabilities', which these look like"
    return "pass target_is='logits' and tail='renormalize' if these are a teacher's top-k logits"
