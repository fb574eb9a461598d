"""Results that the next call of assert_conforms overwrites, and who is accused of it."""

import numpy as np
import pytest

from kldiv_conformance import assert_conforms, find, vectors
from kldiv_xp import kl_div

OF = ((), "float64")
RESULTS = [(it, it.results["value"]) for it in vectors("ordinary")]
PAIR = [vector for vector, result in RESULTS if (result.shape, result.dtype) == OF][:2]
CHANGED = "the call changed the result of the call before"


class Lender:
    """A loss whose results of one shape and type share their memory."""

    def __init__(self):
        self.buffers = {}

    def loss(self, input, target, **options):
        found = kl_div(input, target, **options)
        place = self.buffers.setdefault((found.shape, found.dtype), np.empty_like(found))
        place[...] = found
        return place


def test_result_that_the_next_call_overwrites_is_a_failure_in_a_test_of_its_own():
    lent = Lender().loss
    assert_conforms(lent, PAIR[0])
    with pytest.raises(AssertionError, match=CHANGED):
        assert_conforms(lent, PAIR[1])


def test_methods_of_one_object_are_one_loss():
    lender = Lender()
    assert_conforms(lender.loss, PAIR[0])
    with pytest.raises(AssertionError, match=CHANGED):
        assert_conforms(lender.loss, PAIR[1])


def test_another_loss_or_another_object_is_not_accused():
    one, other = Lender(), Lender()
    assert_conforms(one.loss, PAIR[0])
    other.buffers = one.buffers
    assert_conforms(other.loss, PAIR[1])
    assert_conforms(kl_div, PAIR[0])
    assert_conforms(one.loss, find("ordinary_001"))
