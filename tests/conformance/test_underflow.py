"""What an exponential that rounds to 0 makes infinite is told as that."""

import numpy as np
import pytest

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._explanations import explained
from kldiv_xp import kl_div

ASKED = [
    it
    for it in vectors()
    if it.function is None
    and it.kind == "value"
    and it.input.dtype == it.target.dtype
    and it.input.dtype in {"float32", "float64"}
    and set(it.arguments) == {"reduction", "log_target"}
    and it.where is None
    and it.group in {"ordinary", "zeros_and_infinities", "tiny_and_huge", "log_target"}
]


def of_exponentials(input, target, *, reduction, log_target):
    """The loss of the logarithm of the exponential of its input."""
    return kl_div(np.log(np.exp(input)), target, reduction=reduction, log_target=log_target)


def clamped(input, target, *, reduction, log_target):
    """The loss of an input that is clamped as 16 bits would be."""
    return kl_div(np.maximum(input, -11), target, reduction=reduction, log_target=log_target)


def told(loss):
    """Sentences and flags on the verdicts on a loss."""
    implementation = Implementation("wrong", loss, None, {})
    with np.errstate(all="ignore"):
        return explained([judge(it, ADAPTERS["numpy"], implementation).to_json() for it in ASKED])


def test_an_exponential_that_underflows_is_told_first_and_no_clamp():
    (first, *_), flags = told(of_exponentials)
    assert first.startswith("an exponential underflows: ")
    assert first.endswith(
        " values are infinite where exp(input) rounds to 0 and a finite number is right; take the "
        "input, which is a logarithm already, and not the logarithm of its exponential."
    )
    assert "ClampedOperands" not in {it.flag for it in flags}


@pytest.mark.few(1, 1)
@pytest.mark.parametrize("loss", [clamped, kl_div])
def test_no_underflow_is_told_of_finite_numbers(loss):
    assert not [one for one in told(loss)[0] if "underflows" in one]
