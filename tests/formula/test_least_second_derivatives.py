"""Second derivatives of Jensen-Shannon divergences with an entry next to 0 in float32."""

from functools import partial

import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import js_div, js_div_with_logits

STUDENT, TEACHER = (0.0, 1.0), (0.0, 2.0)
LOW = (-50.0, -80.0, -87.0, -95.0, -103.0, -120.0)
"""A logit of both, or of the student alone: from 2e-22, whose square is 0, to less than 1e-45."""


def plain_loss(logits, log_p, beta):
    """The divergence of rows by the textbook, which float64 computes well enough here."""
    log_q = logits.log_softmax(-1)
    p, q = log_p.exp(), log_q.exp()
    log_m = (beta * p + (1 - beta) * q).log()
    return (beta * p * (log_p - log_m) + (1 - beta) * q * (log_q - log_m)).sum()


def of_logits(target_is, beta, logits, target):
    """The divergence of logits from what is given."""
    return js_div_with_logits(logits, target, target_is=target_is, beta=beta, reduction="sum")


def of_tables(log_softmax, target_is, beta, logits, target):
    """The same of tables."""
    options = {"log_target": target_is == "log_probabilities", "beta": beta}
    return js_div(log_softmax(logits), target, reduction="sum", **options)


def second_by_torch(loss, logits, target, weights):
    """Derivative of a weighted sum of the gradient, by torch."""
    torch = library("torch")
    leaf = logits.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf, target), leaf, create_graph=True)
    return torch.autograd.grad((gradient * weights).sum(), leaf)[0]


def second_by_jax(loss, logits, target, weights):
    """The same by JAX."""
    jax = library("jax")

    def weighted(x):
        return (jax.grad(loss)(x, target) * weights).sum()

    return jax.jit(jax.grad(weighted))(logits)


def log_softmax_of(name):
    """The library's own."""
    if name == "torch":
        return partial(library("torch").log_softmax, dim=-1)
    return library("jax").nn.log_softmax


@pytest.mark.parametrize("backend_name", ["torch", "jax"])
@pytest.mark.parametrize("target_is", ["log_probabilities", "probabilities"])
@pytest.mark.parametrize("beta", [0.5, 0.9])
@pytest.mark.parametrize("way", ["logits", "tables"])
def test_second_derivatives_are_right_beside_an_entry_of_next_to_0(
    backend_name, target_is, beta, way
):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    backend = usable(backend_name)
    second = second_by_torch if backend_name == "torch" else second_by_jax
    loss = partial(of_logits, target_is, beta)
    if way == "tables":
        loss = partial(of_tables, log_softmax_of(backend_name), target_is, beta)
    weights = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    rows = [(low, of_teacher) for low in LOW for of_teacher in (low, -5.0, -200.0)]
    logits, log_p = (
        torch.tensor([[*both, row[place]] for row in rows], dtype=torch.float64)
        for place, both in enumerate((STUDENT, TEACHER))
    )
    log_p = log_p.log_softmax(-1)
    right = second_by_torch(partial(plain_loss, beta=beta), logits, log_p, weights)
    target = log_p if target_is == "log_probabilities" else log_p.exp()
    given = [backend.array(one.numpy(), "float32") for one in (logits, target, weights)]
    assert_allclose(backend.read(second(loss, *given)), right, rtol=1e-4, atol=1e-6)
