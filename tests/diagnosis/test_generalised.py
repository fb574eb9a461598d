"""Masses of the generalised divergence add up to any number, and their logarithms are any."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp import KLDivInputError, checking, diagnose, kl_div, kl_div_gradient

Q, P = np.asarray([[2.5, 0.2], [0.0, 7.0]]), np.asarray([[2.0, 0.4], [0.0, 3.0]])
PAIRS = {
    "masses": (Q, P),
    "one mass of a sample": (np.asarray([[1.0], [2.5]]), np.asarray([[1.0], [0.25]])),
    "one logarithm of 1": (np.exp([[1.0], [1.0]]), np.exp([[1.0], [1.0]])),
    "a sample without any mass": (Q, P * [[1.0], [0.0]]),
    "nothing on either side": (0 * Q, 0 * P),
    "distributions": (Q / Q.sum(-1, keepdims=True), P / P.sum(-1, keepdims=True)),
}
FORMS = list(itertools.product((True, False), (False, True)))


def in_spaces(q, p, log_input, log_target):
    with np.errstate(divide="ignore"):
        return (np.log(q) if log_input else q, np.log(p) if log_target else p)


@pytest.mark.few(21, 79)
@pytest.mark.parametrize("axis", [None, -1, 0, (0, 1)])
@pytest.mark.parametrize(("log_input", "log_target"), FORMS)
@pytest.mark.parametrize("name", PAIRS)
def test_valid_masses_pass_in_every_space(backend, name, log_input, log_target, axis):
    q, p = PAIRS[name]
    operands = tuple(map(backend.array, in_spaces(q, p, log_input, log_target)))
    form = {"log_input": log_input, "log_target": log_target, "generalized": True, "axis": axis}
    report = diagnose(*operands, **form)
    assert not report.findings
    terms = p * np.log(np.where(p > 0, p, 1) / np.where(p > 0, q, 1)) + q - p
    assert_allclose(report.values["sum"], terms.sum(), rtol=1e-5, atol=1e-6)
    with checking():
        loss = kl_div(*operands, **form, reduction="sum")
        kl_div_gradient(*operands, **form, reduction="sum")
    assert_allclose(backend.read(loss), terms.sum(), rtol=1e-5, atol=1e-6)


MISTAKES = [
    ("negative-input", (-Q, P), {"log_input": False}),
    ("negative-target", (np.log(Q + 1), -P), {}),
    ("zero-support", (Q * [[0.0, 1.0]], P), {"log_input": False}),
    ("nan-input", (np.log(Q + 1) * [[np.nan, 1.0]], P), {}),
    ("probabilities-as-input", (np.asarray([[0.3, 0.7]]), np.asarray([[2.0, 0.5]])), {}),
]


@pytest.mark.parametrize(("code", "operands", "options"), MISTAKES)
def test_masses_that_are_none_are_still_found(code, operands, options):
    with pytest.raises(KLDivInputError) as caught, checking():
        kl_div(*operands, reduction="sum", generalized=True, **options)
    assert code in [one.code for one in caught.value.report.findings]


@pytest.mark.parametrize(
    ("operands", "options", "name", "remedy", "mended"),
    [
        ((Q, P), {"log_input": False}, "input", "leave log_input out", {}),
        ((np.log(Q + 1), P), {}, "target", "pass log_target=True", {"log_target": True}),
    ],
)
def test_logarithms_where_masses_belong_are_mended(operands, options, name, remedy, mended):
    logs = [
        one if name != given else -one
        for given, one in zip(("input", "target"), operands, strict=True)
    ]
    (found,) = diagnose(*logs, generalized=True, **options).findings
    assert str(found).endswith(
        f"makes the loss NaN: pass masses of 0 and more, or {remedy} if these are their logarithms."
    )
    assert not diagnose(*logs, generalized=True, **mended)
