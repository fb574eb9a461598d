"""The loss with its derivatives, by compiled loops: one run over the operands."""

import numpy as np
import pytest
from array_libraries import library
from conftest import usable

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from kldiv_xp import (
    js_div,
    js_div_gradient,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.fused import choice, engine, rows_of_logits

RNG = np.random.default_rng(8)
X, T = (3 * RNG.standard_normal((3, 8, 600))).astype("float32")[:2]
T[2:4] = X[2:4] * 1.001
T[5] = X[5]
T[6, 9] = X[7, :40] = T[7, :40] = -np.inf
P = (np.exp(T) / np.exp(T).sum(-1, keepdims=True)).astype("float32")
WHERE = np.arange(8) != 4

KL = kl_div_with_logits, kl_div_with_logits_gradient
JS = js_div_with_logits, js_div_with_logits_gradient
ROWS = {
    "KL": (*KL, T, {"reduction": "none"}),
    "KL at 2": (*KL, T, {"temperature": 2.0, "scale_by_temperature_squared": True}),
    "KL at 3": (*KL, T, {"temperature": 3.0, "reduction": "mean", "where": WHERE}),
    "KL of p": (*KL, P, {"target_is": "probabilities", "reduction": "none"}),
    "JS": (*JS, T, {"reduction": "none"}),
    "JS at 2": (*JS, T, {"temperature": 2.0, "beta": 0.3}),
    "JS of one weight": (*JS, T, {"beta": 0.01, "reduction": "none"}),
    "reverse": (*JS, T, {"beta": 1.0, "reduction": "none"}),
    "forward": (*JS, T, {"beta": 0.0, "reduction": "none"}),
    "JS of p": (*JS, P, {"target_is": "probabilities", "reduction": "none", "beta": 0.3}),
}

GIVEN = kl_div, kl_div_gradient
TERMS = {
    "sum": (*GIVEN, {"reduction": "batchmean"}),
    "mean of some": (*GIVEN, {"reduction": "mean", "axis": -1, "where": WHERE}),
    "samples": (*GIVEN, {"reduction": "none", "axis": -1}),
    "groups": (*GIVEN, {"reduction": "none", "axis": (0, 2)}),
    "terms": (*GIVEN, {"reduction": "none", "generalized": True}),
    "tables": (js_div, js_div_gradient, {"log_input": False, "beta": 0.3, "reduction": "sum"}),
}


@pytest.fixture
def runs(monkeypatch):
    """Runs of compiled loops over the operands."""
    found = []
    for module, name in ((engine, "run_plan"), (rows_of_logits, "run_in_attempts")):
        do = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, do=do: (found.append(1), do(*given)))
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    return found


@pytest.fixture(params=["numpy", "bfloat16"])
def operand(request):
    """Function that makes an operand of an array."""
    if request.param == "numpy":
        return np.asarray
    usable("torch")
    torch = library("torch")

    def made(array):
        return torch.tensor(array, **({} if array.dtype == bool else {"dtype": torch.bfloat16}))

    return made


def assert_one_run(runs, operand, arrays, loss, gradient, options):
    """Value and derivatives are those of two calls, and took one run."""
    arrays = [operand(one) for one in arrays]
    options = {
        name: operand(one) if isinstance(one, np.ndarray) else one for name, one in options.items()
    }
    found = gradient(*arrays, return_value=True, **options)
    assert len(runs) == 1
    expected = loss(*arrays, **options), *gradient(*arrays, **options)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        eps = 2.0**-23 if "float32" in str(one.dtype) else 2.0**-7
        one, other = (np.asarray(each.tolist()) for each in (one, other))  # noqa: PLW2901
        largest = np.abs(other[np.isfinite(other)]).max()
        np.testing.assert_allclose(one, other, rtol=16 * eps, atol=16 * eps * largest)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("name", ROWS)
def test_rows_and_their_derivatives_take_one_run(runs, operand, name):
    loss, gradient, target, options = ROWS[name]
    assert_one_run(runs, operand, (X, target), loss, gradient, options)


@pytest.mark.few(1, 9)
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
@pytest.mark.parametrize("name", TERMS)
def test_terms_or_sums_and_their_derivatives_take_one_run(runs, operand, layout, name):
    loss, gradient, options = TERMS[name]
    q = np.exp(X) / np.exp(X).sum(-1, keepdims=True)
    arrays = [q if "log_input" in options else np.log(q, out=-np.ones_like(q), where=q > 0), P]
    if name == "groups":
        arrays = [one.reshape(2, 4, 600) for one in arrays]
    assert_one_run(runs, operand, map(layout, arrays), loss, gradient, options)


@pytest.mark.long
def test_cotangents_of_a_wider_type_are_rounded(runs):
    upstream = RNG.random(8)
    none = {"reduction": "none"}
    for gradient, options in ((kl_div_gradient, {"axis": -1}), (kl_div_with_logits_gradient, {})):
        for return_value in (False, True):
            options = {**options, **none, "return_value": return_value}  # noqa: PLW2901
            found = gradient(X, P, upstream=upstream, **options)
            expected = gradient(X, P, upstream=upstream.astype("float32"), **options)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, other)
    assert len(runs) == 8


def test_sums_of_columns_are_left_to_a_run_of_their_own(runs):
    value, *derivatives = kl_div_gradient(X, P, reduction="none", axis=0, return_value=True)
    assert len(runs) == 2
    np.testing.assert_array_equal(value, kl_div(X, P, reduction="none", axis=0))
    for one, other in zip(derivatives, kl_div_gradient(X, P, reduction="sum"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_empty_operands_and_types_without_loops_need_none(runs):
    for empty in (np.ones((0, 600)), np.ones((3, 0)), np.ones(0)):
        for options in (
            {"reduction": "sum"},
            {"reduction": "none"},
            {"axis": -1, "reduction": "none"},
        ):
            found = kl_div_gradient(empty, empty, return_value=True, **options)
            expected = kl_div(empty, empty, **options), *kl_div_gradient(empty, empty, **options)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_array_equal(one, other)
    swapped = X.astype(">f4"), P.astype(">f4")
    value, *_ = kl_div_gradient(*swapped, reduction="sum", return_value=True)
    np.testing.assert_allclose(value, kl_div(*swapped, reduction="sum"), rtol=1e-6)
    assert not runs
