"""SciPy's `nan_policy`: what each of its values is told leaves out, refuses or keeps NaN."""

import numpy as np
import pytest
from checks.every_function import CLASSES
from checks.followed_options import LOG_Q, LOSSES, OF_TABLES, P, told_for

import kldiv_xp


@pytest.mark.parametrize("name", [*LOSSES, *CLASSES])
def test_what_is_nan_is_left_out_by_a_mask(name):
    told = told_for(name, "nan_policy", "omit")
    start = "leave it out, and pass where=, a mask that is False at "
    kind = "NaN" if name in OF_TABLES else "samples with NaN"
    assert told.startswith(f"{start}{kind}, with the operands")


@pytest.mark.parametrize("name", [*LOSSES, *CLASSES])
def test_the_other_policies_are_the_default_and_a_check(name):
    assert told_for(name, "nan_policy", "propagate") == "leave it out"
    assert told_for(name, "nan_policy", "raise") == (
        "leave it out, and call the loss within `with kldiv_xp.checking():`"
    )


def test_a_mask_leaves_out_nan_and_divides_by_no_new_sum():
    p = P.copy()
    p[0, 1] = np.nan
    terms = np.where(np.isnan(p), 0.0, P * (np.log(P) - LOG_Q))
    found = kldiv_xp.kl_div(LOG_Q, p, reduction="sum", where=~np.isnan(p))
    assert found == pytest.approx(terms.sum())
    assert np.isnan(kldiv_xp.kl_div(LOG_Q, p, reduction="sum"))
