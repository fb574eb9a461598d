import doctest
from dataclasses import replace
from unittest import SkipTest

import pytest

import kldiv_conformance._assertion
from kldiv_conformance import ADAPTERS, assert_conforms, find, vectors
from kldiv_conformance._deviations import Deviation
from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

FUNCTIONS = {
    "kl_div_with_logits": kl_div_with_logits,
    "js_div_with_logits": js_div_with_logits,
}


def nothing(input, target, *, reduction, log_target):
    return input


def first(function, kind="value"):
    return next(
        vector for vector in vectors() if (vector.function, vector.kind) == (function, kind)
    )


def doubled(function):
    return lambda *arrays, **options: 2 * function(*arrays, **options)


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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_beside_the_loss_is_what_a_vector_of_logits_calls(name):
    vector = first(name)
    assert_conforms(kl_div, vector, functions=FUNCTIONS)
    with pytest.raises(AssertionError, match="value is wrong in"):
        assert_conforms(kl_div, vector, functions={name: doubled(FUNCTIONS[name])})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_loss_without_divergences_from_logits_is_not_supported_and_does_not_fail(name):
    others = {other: function for other, function in FUNCTIONS.items() if other != name}
    for kind in ("value", "gradient", "invalid"):
        with pytest.raises(SkipTest, match=f"the implementation has no function '{name}' beside"):
            assert_conforms(kl_div, first(name, kind), functions=others)


def test_gradient_of_the_loss_is_not_taken_for_that_of_a_divergence_from_logits():
    vector = first("kl_div_with_logits", "gradient")
    with pytest.raises(SkipTest, match="numpy does not differentiate, and no gradient was given"):
        assert_conforms(kl_div, vector, gradient=kl_div_gradient, functions=FUNCTIONS)


def test_gradient_in_closed_form_of_a_divergence_from_logits_is_judged():
    def nothing_changes(input, target, **_):
        return 0 * input, 0 * target

    vector = first("js_div_with_logits", "gradient")
    functions = {**FUNCTIONS, "js_div_with_logits_gradient": nothing_changes}
    with pytest.raises(AssertionError, match=r"d_input is wrong in .* d_target is wrong in"):
        assert_conforms(kl_div, vector, functions=functions)


def test_function_that_lacks_an_argument_is_not_supported():
    def without_mask(input, target, *, reduction, temperature, target_is, axis):
        return input

    vector = next(vector for vector in vectors("logits") if vector.where is not None)
    with pytest.raises(SkipTest, match="'scale_by_temperature_squared' and 'where'"):
        assert_conforms(kl_div, vector, functions={vector.function: without_mask})


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
