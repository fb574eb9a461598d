"""The loss with its derivatives, by compiled loops: one run over the operands."""

import numpy as np
import pytest
from array_libraries import library
from conftest import usable

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
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
    "JS of p": (*JS, P, {"target_is": "probabilities", "reduction": "none", "beta": 0.3}),
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


@pytest.fixture(params=["numpy", "torch", "bfloat16"])
def operand(request):
    """Function that makes an operand of an array."""
    if request.param == "numpy":
        return np.asarray
    usable("torch")
    torch = library("torch")
    dtype = {"dtype": torch.bfloat16} if request.param == "bfloat16" else {}

    def made(array):
        return torch.tensor(array, **({} if array.dtype == bool else dtype))

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


@pytest.mark.parametrize("name", ROWS)
def test_rows_and_their_derivatives_take_one_run(runs, operand, name):
    loss, gradient, target, options = ROWS[name]
    assert_one_run(runs, operand, (X, target), loss, gradient, options)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.5])
def test_mixtures_of_two_rows_of_logits_are_those_of_two_calls(runs, beta):
    for options in ({"reduction": "none"}, {"temperature": 2.0, "reduction": "mean"}):
        value, *derivatives = JS[1](X, T, beta=beta, return_value=True, **options)
        assert np.all(value == JS[0](X, T, beta=beta, **options))
        for one, other in zip(derivatives, JS[1](X, T, beta=beta, **options), strict=True):
            np.testing.assert_array_equal(one, other)
    assert runs
