"""The mathematics: values, and derivatives by automatic differentiation."""

import numpy as np
import pytest
import reference
from array_libraries import library
from conftest import usable
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient
from kldiv_xp.formula.log_probabilities import Guard, factors

INPUT = [[-1.0, -2.0], [-3.0, -0.5]]
TARGET = [[0.4, 0.6], [0.1, 0.9]]
BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True])


def pairs(log_target):
    return np.asarray(reference.every_pair(log_target)).T


def tolerance(dtype):
    return 4 * np.finfo(dtype).eps


def test_golden_terms(backend, dtype):
    terms = backend.values(
        kl_div, backend.array(INPUT, dtype), backend.array(TARGET, dtype), reduction="none"
    )
    assert_allclose(terms, [[0.0334837, 0.8935047], [0.0697415, 0.3551755]], atol=2e-7)


@pytest.mark.parametrize(
    ("name", "expected"), [("sum", 1.3519053), ("batchmean", 0.6759527), ("mean", 0.3379763)]
)
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
def test_golden_reductions(backend, dtype, name, expected):
    value = backend.values(
        kl_div, backend.array(INPUT, dtype), backend.array(TARGET, dtype), reduction=name
    )
    assert_allclose(value, expected, atol=2e-7)


@pytest.mark.few(4, 23)
@BOTH_SPACES
def test_zeros_infinities_and_missing_values_are_as_the_contract_says(backend, dtype, log_target):
    inputs, targets = pairs(log_target)
    terms = backend.values(
        kl_div,
        backend.array(inputs, dtype),
        backend.array(targets, dtype),
        reduction="none",
        log_target=log_target,
    )
    expected = [reference.term(x, t, log_target) for x, t in zip(inputs, targets, strict=True)]
    assert_allclose(terms, expected, rtol=tolerance(dtype))


@BOTH_SPACES
def test_zero_target_contributes_positive_zero(backend, log_target):
    zero = [-np.inf, -1e4, -np.inf, -1e4] if log_target else [0.0, -0.0, 0.0, -0.0]
    inputs = backend.array([2.0, np.inf, -np.inf, -3.0])
    terms = backend.values(
        kl_div, inputs, backend.array(zero), reduction="none", log_target=log_target
    )
    assert_array_equal(terms, [0, 0, 0, 0])
    assert not np.signbit(terms).any()


@BOTH_SPACES
def test_masked_entry_needs_no_guard(log_target):
    masked = np.asarray([np.nan]), np.asarray([np.nan]), np.asarray([False])
    p, log_ratio = factors(np, *masked, log_target=log_target, guard=Guard.NONE)
    assert (p.item(), log_ratio.item()) == (1.0, 0.0)


@BOTH_SPACES
def test_zero_target_needs_the_guard_of_the_logarithm_alone_where_input_is_finite(log_target):
    zero = np.asarray([-np.inf if log_target else 0.0])
    p, log_ratio = factors(
        np, np.asarray([-2.0]), zero, log_target=log_target, guard=Guard.LOGARITHM
    )
    assert p.item() == 0
    assert np.isfinite(log_ratio).all()


@BOTH_SPACES
def test_zero_target_has_the_log_ratio_of_equals(log_target):
    zero = np.asarray([-np.inf if log_target else 0.0])
    with np.errstate(invalid="ignore"):
        _, log_ratio = factors(np, np.asarray([-np.inf]), zero, log_target=log_target)
    assert log_ratio.item() == 0


def test_missing_input_is_not_hidden_by_a_zero_target(backend):
    terms = backend.values(kl_div, backend.array([np.nan]), backend.array([0.0]), reduction="none")
    assert np.isnan(terms).all()


@BOTH_SPACES
def test_equal_log_inputs_give_exact_zeros(backend, dtype, log_target):
    log_q = backend.array(np.linspace(-7.3, 0.0, 12).reshape(3, 4), dtype)
    if log_target:
        terms = backend.values(kl_div, log_q, log_q, reduction="none", log_target=True)
    else:
        ones = backend.array(np.ones((3, 4)), dtype)
        zeros = backend.array(np.zeros((3, 4)), dtype)
        terms = backend.values(kl_div, zeros, ones, reduction="none")
    assert_array_equal(terms, np.zeros((3, 4)))


@BOTH_SPACES
@given(data=st.data())
def test_any_finite_operands_match_the_reference(log_target, data):
    logs = st.floats(-80, 3)
    inputs = data.draw(st.lists(logs, min_size=1, max_size=30))
    target = logs if log_target else st.floats(0, 20)
    targets = data.draw(st.lists(target, min_size=len(inputs), max_size=len(inputs)))
    terms = kl_div(np.asarray(inputs), np.asarray(targets), reduction="none", log_target=log_target)
    for value, x, t in zip(terms, inputs, targets, strict=True):
        p = reference.exp(t) if log_target else t
        log_p = 0 if p == 0 else (t if log_target else np.log(p))
        bound = 4 * np.finfo("float64").eps * p * (abs(log_p) + abs(x)) + 1e-307
        assert abs(value - reference.term(x, t, log_target)) <= bound


def autodiff(backend, inputs, targets, log_target):
    """Derivatives of the summed loss by the library's own differentiation."""
    if backend.library == "torch":
        operands = [a.requires_grad_() for a in (inputs, targets)]
        backend.call(kl_div, *operands, reduction="sum", log_target=log_target).backward()
        return [backend.read(operand.grad) for operand in operands]
    jax = library("jax")

    def loss(x, t):
        return backend.call(kl_div, x, t, reduction="sum", log_target=log_target)

    return [np.asarray(g) for g in jax.grad(loss, argnums=(0, 1))(inputs, targets)]


@BOTH_SPACES
def test_autodiff_obeys_the_contract_zeros_included(autodiff_backend, dtype, log_target):
    inputs, targets = pairs(log_target)
    defined = ~np.isnan(inputs) & ~np.isnan(targets) & ~np.isposinf(targets)
    inputs, targets = inputs[defined], targets[defined]
    d_input, d_target = autodiff(
        autodiff_backend,
        autodiff_backend.array(inputs, dtype),
        autodiff_backend.array(targets, dtype),
        log_target,
    )
    gradients = [reference.gradient(x, t, log_target) for x, t in zip(inputs, targets, strict=True)]
    expected = np.asarray(gradients).T
    assert_allclose(d_input, expected[0], rtol=tolerance(dtype))
    assert_allclose(d_target, expected[1], rtol=tolerance(dtype), atol=tolerance(dtype))


@BOTH_SPACES
def test_autodiff_gives_the_closed_form_gradient(autodiff_backend, dtype, log_target):
    inputs, targets = pairs(log_target)
    finite = ~np.isposinf(targets)  # at p = inf autodiff meets p * (1 / p)
    inputs, targets = inputs[finite], targets[finite]
    operands = [autodiff_backend.array(a, dtype) for a in (inputs, targets)]
    closed = kl_div_gradient(*operands, reduction="sum", log_target=log_target)
    closed = [autodiff_backend.read(g) for g in closed]
    by_library = autodiff(autodiff_backend, *operands, log_target)
    assert_allclose(by_library, closed, rtol=tolerance(dtype))


@BOTH_SPACES
@pytest.mark.parametrize("order", ["first", "second"])
def test_torch_gradcheck_passes_for_positive_targets(log_target, order):
    usable("torch")
    torch = library("torch")
    rng = np.random.default_rng(0)
    log_q = torch.tensor(np.log(rng.dirichlet(np.ones(4), 3)), requires_grad=True)
    p = rng.dirichlet(np.ones(4), 3)
    target = torch.tensor(np.log(p) if log_target else p, requires_grad=True)

    def loss(x, t):
        return kl_div(x, t, reduction="batchmean", log_target=log_target)

    check = {"first": torch.autograd.gradcheck, "second": torch.autograd.gradgradcheck}[order]
    assert check(loss, (log_q, target))


@pytest.mark.long
@BOTH_SPACES
@pytest.mark.parametrize("order", [1, 2])
def test_jax_check_grads_passes_for_positive_targets(log_target, order):
    usable("jax")
    check_grads = library("jax.test_util").check_grads
    rng = np.random.default_rng(0)
    log_q, p = np.log(rng.dirichlet(np.ones(4), 3)), rng.dirichlet(np.ones(4), 3)
    operands = [library("jax.numpy").asarray(a) for a in (log_q, np.log(p) if log_target else p)]

    def loss(x, t):
        return kl_div(x, t, reduction="batchmean", log_target=log_target)

    check_grads(loss, operands, order=order, eps=1e-6, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
@pytest.mark.parametrize("name", ["torch", "jax"])
def test_vmap_maps_the_loss_over_samples(name, reduction):
    backend = usable(name)
    x, t = backend.array([INPUT, INPUT]), backend.array([TARGET, [[0.0, 1.0], [0.5, 0.5]]])
    vmap = library("torch.func" if name == "torch" else "jax").vmap
    together = backend.read(vmap(lambda a, b: kl_div(a, b, reduction=reduction))(x, t))
    apart = [backend.read(kl_div(a, b, reduction=reduction)) for a, b in zip(x, t, strict=True)]
    assert_allclose(together, apart, rtol=1e-15)


def test_torch_func_grad_gives_the_gradient_of_one_sample():
    backend = usable("torch")
    x, t = backend.array(INPUT[0]), backend.array(TARGET[0])
    grad = library("torch.func").grad(lambda a: kl_div(a, t, reduction="sum"))(x)
    assert_array_equal(backend.read(grad), -np.asarray(TARGET[0]))
