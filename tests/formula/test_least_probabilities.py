"""Probabilities at the end of their type, and what both distributions lack."""

import numpy as np
import pytest
from conftest import usable

from kldiv_xp import (
    js_div,
    js_div_gradient,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
)

LIBRARIES = pytest.mark.parametrize("backend_name", ["numpy", "torch", "jax-jit"])
LEAST = (1e-45, 3e-45, 1e-40, 1.2e-38, 2e-38, 1e-37)


@LIBRARIES
@pytest.mark.parametrize("p", LEAST)
@pytest.mark.parametrize("log_q", [-85.0, -90.0, -104.0, -111.0])
def test_least_probabilities_leave_the_generalised_divergence_finite(backend_name, p, log_q):
    backend = usable(backend_name)
    pair = np.asarray([[0.0, log_q]], "float32"), np.asarray([[1.0, p]], "float32")
    log_input, target = (backend.array(one, "float32") for one in pair)
    logits = np.asarray([[50.0, 50.0 + log_q]], "float32")
    given = {"target_is": "probabilities", "beta": 0.0}
    for found in (
        backend.call(kl_div, log_input, target, generalized=True, reduction="sum"),
        backend.call(js_div, log_input, target, beta=0.0, reduction="sum"),
        backend.call(js_div_with_logits, backend.array(logits, "float32"), target, **given),
        *backend.call(kl_div_gradient, log_input, target, generalized=True, reduction="sum"),
        *backend.call(js_div_gradient, log_input, target, beta=0.0, reduction="sum"),
        *backend.call(
            js_div_with_logits_gradient, backend.array(logits, "float32"), target, **given
        ),
    ):
        values = backend.read(found)
        assert np.isfinite(values).all()
        assert (abs(values) < 200).all()


@LIBRARIES
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.25, 0.5, 1.0])
def test_a_class_that_both_lack_has_no_derivative_at_any_beta(backend_name, log, beta):
    backend = usable(backend_name)
    rows = np.asarray([[1.0, 0.0]]), np.asarray([[1.0, 0.0]])
    with np.errstate(divide="ignore"):
        tables = [np.log(one) if log else one for one in rows]
    operands = [backend.array(one, "float32") for one in tables]
    options = {"beta": beta, "reduction": "sum", "log_input": log, "log_target": log}
    for found in backend.call(js_div_gradient, *operands, **options):
        assert backend.read(found).tolist() == [[0.0, 0.0]]


@LIBRARIES
@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_a_class_that_logits_and_a_given_target_lack_has_no_derivative(backend_name, beta):
    backend = usable(backend_name)
    logits, target = np.asarray([[3.0, -np.inf]]), np.asarray([[1.0, 0.0]])
    operands = [backend.array(one, "float32") for one in (logits, target)]
    options = {"beta": beta, "reduction": "sum", "target_is": "probabilities"}
    for found in backend.call(js_div_with_logits_gradient, *operands, **options):
        assert backend.read(found).tolist() == [[0.0, 0.0]]
