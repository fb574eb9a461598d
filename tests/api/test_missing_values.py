"""NaN and negative probabilities in Jensen-Shannon divergences: no finite gradient hides them."""

from itertools import product

import numpy as np
import pytest
from conftest import usable

from kldiv_xp import (
    js_div,
    js_div_gradient,
    js_div_with_logits,
    js_div_with_logits_gradient,
    linear_kl_div,
)
from kldiv_xp.fused.choice import FUSED_VARIABLE

BETAS = (0.0, 0.3, 0.5, 1.0)
P = np.asarray([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])
Q = np.asarray([[0.4, 0.35, 0.25], [0.3, 0.3, 0.4]])
TARGETS = {"logits": np.log(P) + 1, "probabilities": P, "log_probabilities": np.log(P)}
NEGATIVE = -0.1


def cases_of_tables():
    """Options and operands; in every other row one of the operands has a wrong entry."""
    for beta, log_input, log_target in product(BETAS, (True, False), (True, False)):
        logs = log_input, log_target
        pair = [np.log(one) if log else one for one, log in zip((Q, P), logs, strict=True)]
        wrong = [
            {place: missing, 1 - place: beside}
            for place in (0, 1)
            for missing in ((np.nan,) if logs[place] else (np.nan, NEGATIVE))
            for beside in (None, -np.inf if logs[1 - place] else 0.0)
        ]
        options = {"beta": beta, "log_input": log_input, "log_target": log_target}
        yield js_div, js_div_gradient, options, with_wrong(pair, wrong)


def cases_of_logits():
    """The same for logits beside a target of each kind."""
    for beta, (kind, target) in product(BETAS, TARGETS.items()):
        wrong = [{0: np.nan}, {1: np.nan}]
        if kind == "probabilities" and beta:  # the derivative of KL by the input is linear in p
            wrong.append({1: NEGATIVE})
        options = {"beta": beta, "target_is": kind}
        operands = with_wrong([np.log(Q) + 0.3, target], wrong)
        yield js_div_with_logits, js_div_with_logits_gradient, options, operands


def with_wrong(pair, wrong):
    """Two rows of each operand for each case, whose first entry is replaced in the first row."""
    operands = [np.tile(one, (len(wrong), 1)) for one in pair]
    for row, case in enumerate(wrong):
        for place, value in case.items():
            if value is not None:
                operands[place][2 * row, 0] = value
    return operands


def assert_shown(value, derivatives, message):
    """Every other sample is NaN in value and derivatives, and nothing of it is in the rest."""
    assert np.isnan(value[::2]).all(), message
    assert np.isfinite(value[1::2]).all(), message
    for derivative in derivatives:
        assert np.isnan(derivative[::2]).any(axis=1).all(), message
        assert np.isfinite(derivative[1::2]).all(), message


CASES = [*cases_of_tables(), *cases_of_logits()]


def judge(backend):
    for loss, gradient, options, operands in CASES:
        arrays = [backend.array(one) for one in operands]
        value = backend.values(loss, *arrays, reduction="none", **options)
        derivatives = backend.call(gradient, *arrays, reduction="none", **options)
        assert_shown(value, map(backend.read, derivatives), (loss.__name__, options))


def test_derivatives_are_nan_where_the_divergence_is(backend):
    judge(backend)


@pytest.mark.parametrize("name", ["numpy", "torch"])
@pytest.mark.long
def test_so_they_are_in_compiled_loops(name, monkeypatch):
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    monkeypatch.setenv(FUSED_VARIABLE, "1")
    judge(usable(name))


def test_derivatives_of_hidden_states_are_nan_where_the_divergence_is():
    torch = usable("torch")
    for *_, options, operands in cases_of_logits():
        hidden, target = map(torch.array, operands)
        hidden.requires_grad_()
        value = linear_kl_div(hidden, torch.array(np.eye(3)), target, reduction="none", **options)
        value.sum().backward()
        assert_shown(value.detach().numpy(), [hidden.grad.numpy()], options)
