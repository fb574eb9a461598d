import doctest
from dataclasses import replace
from unittest import SkipTest

import pytest

import kldiv_conformance._assertion
from kldiv_conformance import ADAPTERS, assert_conforms, find
from kldiv_conformance._deviations import Deviation
from kldiv_xp import kl_div, kl_div_gradient


def nothing(input, target, *, reduction, log_target):
    return input


def test_loss_that_conforms_passes():
    assert_conforms(kl_div, find("ordinary_001"))


def test_loss_that_fails_is_told_the_vector_the_value_and_the_bug():
    with pytest.raises(AssertionError) as caught:
        assert_conforms(nothing, find("ordinary_001"))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("ordinary_001: value is wrong in ")
    assert lines[-1] == "  See `kldiv-conformance explain ordinary_001`."
    assert any(line.startswith("  Formula: A wrong sign, ") for line in lines)


def test_dtype_that_a_backend_lacks_is_a_skip():
    with pytest.raises(SkipTest, match=r"numpy has no bfloat16\."):
        assert_conforms(kl_div, find("half_070"), backend="numpy")


def test_backend_that_is_not_installed_is_a_skip():
    absent = replace(ADAPTERS["numpy"], library="absent")
    with pytest.raises(SkipTest, match="absent is not installed"):
        assert_conforms(kl_div, find("ordinary_001"), backend=absent)


def test_gradient_in_closed_form_is_judged_where_the_backend_has_none():
    assert_conforms(kl_div, find("gradients_001"), gradient=kl_div_gradient)
    with pytest.raises(AssertionError, match="d_input is wrong"):
        assert_conforms(
            kl_div,
            find("gradients_001"),
            gradient=lambda *arrays, **options: kl_div_gradient(*arrays, **options)[::-1],
        )


def test_known_failure_is_a_skip_and_an_unexpected_pass_fails():
    known = {"ordinary_001": Deviation("a reason", "https://example.org")}
    with pytest.raises(SkipTest, match="a reason"):
        assert_conforms(nothing, find("ordinary_001"), deviations=known)
    with pytest.raises(AssertionError, match="passes, though a deviation is recorded"):
        assert_conforms(kl_div, find("ordinary_001"), deviations=known)


def test_unknown_backend_is_named_with_the_remedy():
    with pytest.raises(ValueError, match=r"`backend` must be an Adapter or one of 'numpy', .*;"):
        assert_conforms(kl_div, find("ordinary_001"), backend="abacus")


def test_examples_in_the_docstring_hold():
    failed, tried = doctest.testmod(kldiv_conformance._assertion, optionflags=doctest.ELLIPSIS)
    assert tried
    assert not failed
