"""Plain evaluation, and the backend before it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from kldiv_xp import kl_div
from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate import by_backend, evaluate_derivatives, evaluate_terms, plain_sum
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form

LOG_Q, P = np.log([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])


@pytest.fixture
def operands():
    """Operands that no backend knows."""
    return replace(examine(LOG_Q, P), backend=None)


def test_backend_is_asked_for_what_it_has(operands):
    backend = SimpleNamespace(terms=lambda *arguments: arguments)
    bridged = replace(operands, backend=backend)
    assert by_backend("terms", bridged, "more") == (bridged, "more")
    assert by_backend("samples", bridged, "more") is NotImplemented
    assert by_backend("terms", operands, "more") is NotImplemented


def test_what_a_backend_answers_stands(operands):
    bridged = replace(operands, backend=SimpleNamespace(terms=lambda *_: "its terms"))
    assert evaluate_terms(bridged, (LOG_Q, P), Form()) == "its terms"


@pytest.mark.parametrize(("number", "parts"), [(0.5, None), (None, 1), (1, 2), (3.0, 7)])
def test_derivatives_are_multiplied_by_every_scale(operands, number, parts):
    factor = (1 if number is None else number) / (parts or 1)
    by_input, by_target = evaluate_derivatives(
        operands, (LOG_Q, P), Form(), scale=Scale(number, parts), upstream=()
    )
    np.testing.assert_allclose(by_input, -factor * P)
    np.testing.assert_allclose(by_target, factor * (np.log(P) - LOG_Q + 1))


# 0-d arrays have no axis.
@pytest.mark.only_where(lambda shape, axis: axis is None or shape)
@pytest.mark.parametrize("bridged", [True, False])
@pytest.mark.parametrize("axis", [None, -1])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2, 1), (2, 3)])
def test_sum_of_nothing_but_negative_zeros_is_positive(backend, shape, axis, bridged):

    def loss(x, t):
        if bridged:
            return kl_div(x, t, reduction="sum" if axis is None else "none", axis=axis)
        axes = None if axis is None else (axis,)
        plain = replace(examine(x, t), backend=None)
        return plain_sum(plain, (x, t), Form(), parts=None, axis=axes)

    value = backend.values(loss, backend.array(-np.ones(shape)), backend.array(-np.zeros(shape)))
    np.testing.assert_array_equal(value, np.zeros(shape[:-1] if axis else ()))
    assert not np.signbit(value).any()
