"""The traced kernels on special operands do as the contract says, in every form."""

import numpy as np
import pytest
import reference
from cuda_on_cpu.both_ways import BOTH_SPACES, DEVICE, TYPES, both_ways, operands, plain, tolerance
from golden_kernels import LOG_P
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate import evaluate_derivatives
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import launch_plan
from kldiv_xp.formula.form import Form

OTHERS = {
    "q": Form(log_input=False),
    "generalised": Form(log_input=False, generalized=True),
    "generalised, log p": Form(log_target=True, generalized=True),
}


def special(type_, form):
    pairs = np.asarray(reference.every_pair(form.log_target, form.log_input)).T
    return [np.ascontiguousarray(each.astype(type_)) for each in pairs]


@pytest.mark.few(2, 4)
@TYPES
@BOTH_SPACES
def test_terms_of_special_operands_are_as_the_contract_says(type_, form):
    inputs, targets = special(type_, form)
    terms = launch_plan.terms(DEVICE, examine(inputs, targets), (inputs, targets), form)
    expected = [reference.term(x, t, **form.switches) for x, t in zip(inputs, targets, strict=True)]
    assert_allclose(terms, expected, rtol=tolerance(type_))
    zeros = np.asarray(expected) == 0
    with np.errstate(over="ignore"):
        of_zero = (np.exp(targets.astype("float64")) if form.log_target else targets) == 0
    assert not np.signbit(terms[zeros & of_zero]).any()


@pytest.mark.few(1, 5)
@TYPES
@BOTH_SPACES
def test_derivatives_of_special_operands_are_as_the_contract_says(type_, form):
    inputs, targets = special(type_, form)
    defined = ~np.isnan(inputs) & ~np.isnan(targets) & ~np.isposinf(targets)
    arrays = inputs, targets = inputs[defined], targets[defined]
    both = (True, True)
    derivatives = launch_plan.derivatives(
        DEVICE, examine(*arrays), arrays, form, Scale(1), (), both
    )
    pairs = [
        reference.gradient(x, t, **form.switches) for x, t in zip(inputs, targets, strict=True)
    ]
    for derivative, expected in zip(derivatives, np.asarray(pairs).T, strict=True):
        assert_allclose(derivative, expected, rtol=tolerance(type_), atol=tolerance(type_))


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("form", OTHERS.values(), ids=OTHERS)
def test_other_forms_are_as_the_contract_says(form):
    test_terms_of_special_operands_are_as_the_contract_says("float32", form)
    test_derivatives_of_special_operands_are_as_the_contract_says("float32", form)
    arrays = operands((5, 7, 11), "float64", form)
    assert_allclose(*both_ways("batchmean", arrays, form), rtol=1e-13)


JENSEN_SHANNON = {
    "tables": Form(log_input=False, beta=0.3),
    "logarithms": Form(log_target=True, beta=0.5),
    "an end": Form(log_input=False, beta=1.0),
}


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("form", JENSEN_SHANNON.values(), ids=JENSEN_SHANNON)
def test_jensen_shannon_divergence_of_tables_is_that_of_the_plain_expression(form):
    arrays = operands((5, 7, 11), "float64", form)
    if form.beta == 1:  # where a target of 0 makes it infinite
        arrays = arrays[0], np.maximum(arrays[1], 0.01)
    assert_allclose(*both_ways("batchmean", arrays, form), rtol=1e-13)
    context, scale = plain(*arrays), Scale(1)
    found = launch_plan.derivatives(DEVICE, examine(*arrays), arrays, form, scale, (), (True, True))
    for one, other in zip(
        found, evaluate_derivatives(context, arrays, form, scale, ()), strict=True
    ):
        assert_allclose(one, other, rtol=1e-12, atol=1e-15)


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("type_", ["float32", "float64"])
def test_exponential_that_underflows_contributes_zero(type_):
    smallest = {"float32": -104.0, "float64": -746.0}[type_]
    arrays = np.asarray([-np.inf, np.inf, 3.0], type_), np.full(3, smallest, type_)
    terms = launch_plan.terms(DEVICE, examine(*arrays), arrays, LOG_P)
    assert_array_equal(terms, 0)
    assert not np.signbit(terms).any()
    derivatives = launch_plan.derivatives(
        DEVICE, examine(*arrays), arrays, LOG_P, Scale(1), (), (True, True)
    )
    assert_array_equal(derivatives, np.zeros((2, 3)))


def test_smallest_exponential_still_counts():
    arrays = np.asarray([-np.inf], "float32"), np.asarray([-103.0], "float32")
    assert_array_equal(launch_plan.terms(DEVICE, examine(*arrays), arrays, LOG_P), [np.inf])


@pytest.mark.few(0, 2)
@BOTH_SPACES
def test_what_is_masked_has_no_part_whatever_it_holds(form):
    inputs, targets = special("float64", form)
    mask = np.zeros(inputs.shape, bool)
    arrays = (inputs, targets, mask)
    whole = plain(inputs, targets)
    assert_array_equal(launch_plan.terms(DEVICE, whole, arrays, form), 0)
    assert launch_plan.sums(DEVICE, whole, arrays, form, (0,), 1) == 0
    derivatives = launch_plan.derivatives(DEVICE, whole, arrays, form, Scale(1), (), (True, True))
    assert_array_equal(derivatives, np.zeros((2, inputs.size)))
