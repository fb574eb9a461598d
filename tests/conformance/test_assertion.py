import doctest
import subprocess
import sys
from dataclasses import replace
from unittest import SkipTest

import numpy as np
import pytest

import kldiv_conformance._assertion
from kldiv_conformance import ADAPTERS, assert_conforms, find, vectors
from kldiv_conformance._deviations import Deviation
from kldiv_conformance._formats import FORMATS, spacing, ulp_distance
from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

FLOAT32 = FORMATS["float32"]
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


@pytest.mark.slow
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


@pytest.mark.slow
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
        with pytest.raises(SkipTest, match=f"the implementation has no function '{name}'"):
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
    with pytest.raises(SkipTest, match="has no argument 'where'"):
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


def accused(loss, identifier, **options):
    with pytest.raises(AssertionError) as caught:
        assert_conforms(loss, find(identifier), **options)
    return str(caught.value).splitlines()


def test_failure_names_the_place_both_numbers_what_is_allowed_and_the_operands():
    def wrong_in_one_place(input, target, *, reduction, log_target):
        loss = kl_div(input, target, reduction=reduction, log_target=log_target)
        loss[1, 0] = 0.07
        return loss

    vector = find("ordinary_001")
    (result,) = vector.results.values()
    bound = max(result.error_bound[2], vector.max_ulp * spacing(result.values[2], FLOAT32))
    got = float(np.float32(0.07))
    assert accused(wrong_in_one_place, "ordinary_001")[0] == (
        f"ordinary_001: value is wrong in 1 of 4 places: value[1, 0] must be {result.values[2]!r} "
        f"within {bound:.2g}; got {got!r}, off by {abs(got - result.values[2]) / bound:.3g} bounds "
        f"or {ulp_distance(got, result.values[2], FLOAT32)} ulp; "
        f"input -3.0, target {vector.target.values[2]!r}."
    )


def test_failure_of_a_reduced_value_names_the_first_operands():
    vector = next(
        vector
        for vector in vectors("ordinary")
        if vector.arguments["reduction"] == "sum" and len(vector.input.values) > 4
    )

    def nothing_at_all(input, target, *, reduction, log_target):
        return np.asarray(np.nan, input.dtype)

    text = accused(nothing_at_all, vector.id)[0]
    first = ", ".join(map(repr, vector.input.values[:4]))
    assert "value[()] must be " in text
    assert f"; got nan; input {first}, ...; target " in text


def test_failure_of_a_derivative_names_which_one():
    def derivatives(input, target, **options):
        by_input, by_target = kl_div_gradient(input, target, **options)
        return by_input, by_target + 1

    lines = accused(kl_div, "gradients_001", gradient=derivatives)
    assert "gradients_001: d_target is wrong in 12 of 12 places: d_target[0, 0] must be" in lines[0]
    assert lines[2].startswith("  TargetGradient: ")


def test_likeliest_flag_of_a_failure_comes_first():
    def to_base_2(input, target, *, reduction, log_target):
        return (target * (np.log2(target) - input)).astype(input.dtype)

    vector = next(vector for vector in vectors() if "NaturalLog" in vector.flags)
    assert accused(to_base_2, vector.id)[2].startswith("  NaturalLog: A logarithm to base 2.")


FAILING = """
import pytest
from kldiv_conformance import assert_conforms, find, vectors

def my_kernel(input, target, *, reduction, log_target, **_):
    return {returned}

@pytest.mark.parametrize("vector", [find({identifier!r})], ids=str)
def test_my_kernel_conforms(vector):
    assert_conforms(my_kernel, vector, backend="numpy", deviations=None)
"""
OF_THE_LOSS = [vector for vector in vectors() if vector.kind == "value" and not vector.function]
MANY_FLAGS = max(OF_THE_LOSS, key=lambda vector: len(vector.flags)).id
LONG = max(OF_THE_LOSS, key=lambda vector: len(vector.input.values)).id


@pytest.mark.long
@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("identifier", "returned"),
    [
        ("ordinary_001", "1 / 0"),
        (MANY_FLAGS, "input * 0 + 7"),
        (LONG, "input[..., None]"),
        ("invalid_001", "input * 0 + 7"),
    ],
)
def test_a_failure_in_pytest_is_at_most_15_lines(tmp_path, identifier, returned):
    path = tmp_path / "test_my_kernel.py"
    path.write_text(FAILING.format(identifier=identifier, returned=returned))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    lines = done.stdout.partition("= FAILURES =")[2].partition("= short test summary")[0]
    shown = lines.splitlines()[1:-1]
    assert any("AssertionError" in line for line in shown), done.stdout
    assert len(shown) <= 15, lines
    assert "_judge.py" not in lines


@pytest.mark.parametrize(
    ("loss", "problem"),
    [
        (Deviation, "it is a class: name a function that makes an object of it and calls that"),
        (None, "it is no function but NoneType"),
    ],
)
def test_a_loss_that_is_no_function_is_refused(loss, problem):
    with pytest.raises(TypeError) as caught:
        assert_conforms(loss, find("ordinary_001"))
    assert str(caught.value) == f"`loss` must be a function of two arrays; got {loss!r}: {problem}."


def test_an_id_in_place_of_its_vector_is_told_how_to_find_it():
    with pytest.raises(TypeError) as caught:
        assert_conforms(kl_div, "ordinary_001")
    remedy = "pass find('ordinary_001')"
    assert str(caught.value) == f"`vector` must be a Vector; got 'ordinary_001': {remedy}."
    assert_conforms(kl_div, find("ordinary_001"))
    with pytest.raises(TypeError, match=r"got None: pass one of vectors\(\)\.$"):
        assert_conforms(kl_div, None)
