"""Numbers among the options may be of every kind of real number."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from checks.students import LOG_Q, LOSSES, P, operands
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import KLDivLoss, js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

TWOS = [np.float32(2), np.float64(2), np.float16(2), np.int64(2), np.uint8(2), 2, Fraction(2)]
EVERY_TWO = pytest.mark.parametrize("two", TWOS, ids=lambda two: type(two).__name__)
LARGE = 2**63


@pytest.mark.few(33, 37)
@EVERY_TWO
@LOSSES
def test_temperature_is_any_real_number(backend, loss, two):
    pair = operands(backend)
    found, expected = (backend.values(loss, *pair, temperature=t) for t in (two, 2.0))
    assert_array_equal(found, expected)


@pytest.mark.parametrize("half", [np.float32(0.5), np.float16(0.5), Fraction(1, 2)])
def test_beta_is_any_real_number(backend, half):
    pair = operands(backend)
    found, expected = (backend.values(js_div_with_logits, *pair, beta=b) for b in (half, 0.5))
    # torch.compile takes a number of NumPy for one that may change, and so the way of any beta.
    assert_allclose(found, expected, rtol=1e-15 if backend.name == "torch-compile" else 0)


@EVERY_TWO
@pytest.mark.parametrize("reduction", ["none", "sum"])
def test_upstream_is_any_real_number(backend, reduction, two):
    derivative = partial(kl_div_gradient, reduction=reduction, upstream=two)
    found = backend.call(derivative, backend.array(LOG_Q, "float32"), backend.array(P, "float32"))
    assert_array_equal(backend.read(found[0]), -2 * P.astype("float32"))
    assert found[0].dtype == backend.array(P, "float32").dtype


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("where", [None, [[True, True], [True, False]]], ids=["all", "masked"])
def test_upstream_beyond_64_bits_is_a_number(backend, reduction, where):
    arrays = [backend.array(LOG_Q), backend.array(P)]
    if where is not None:
        arrays.append(backend.array(where) != 0)

    def derivative(x, t, mask=None):
        return kl_div_gradient(x, t, reduction=reduction, where=mask, upstream=LARGE)[0]

    def unit(x, t, mask=None):
        return kl_div_gradient(x, t, reduction=reduction, where=mask)[0]

    found, one = backend.values(derivative, *arrays), backend.values(unit, *arrays)
    assert_allclose(found, one * float(LARGE), rtol=1e-15)


@LOSSES
def test_temperature_beyond_64_bits_is_a_number(backend, loss):
    pair = operands(backend)
    found, expected = (backend.values(loss, *pair, temperature=t) for t in (LARGE, float(LARGE)))
    assert_array_equal(found, expected)


# torch.compile makes a tensor without a value of an int of NumPy.
@pytest.mark.few(2, 24)
@pytest.mark.only_where(lambda backend: backend != "torch-compile")
@pytest.mark.parametrize("axis", [np.int64(1), np.uint8(1), (np.int64(1),), (1, np.int32(0))])
def test_axis_may_be_of_ints_of_numpy(backend, axis):
    plain = tuple(map(int, axis)) if isinstance(axis, tuple) else int(axis)
    pair = backend.array(LOG_Q), backend.array(P)
    expected = backend.values(kl_div, *pair, reduction="mean", axis=plain)
    assert backend.values(kl_div, *pair, reduction="mean", axis=axis) == expected
    loss = KLDivLoss(reduction="mean", axis=axis)
    assert repr(loss) == f"KLDivLoss(reduction='mean', log_target=False, axis={plain!r})"
    assert backend.values(loss, *pair) == expected
    derivative = backend.call(kl_div_gradient, *pair, axis=axis)[0]
    assert_array_equal(
        backend.read(derivative), backend.read(backend.call(kl_div_gradient, *pair, axis=plain)[0])
    )
    if not isinstance(axis, tuple):
        for function in (kl_div_with_logits, js_div_with_logits):
            values = [backend.values(function, *pair, axis=one) for one in (axis, plain)]
            assert_array_equal(*values)
