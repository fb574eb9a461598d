"""Losses from hidden states: gradients in torch and JAX."""

import importlib
import math

import pytest
from api.linear_heads import HEADS, HIDDEN, RNG, SHAPE, TARGET, WEIGHT, of_heads, of_logits
from api.logits import TOKENS
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, linear_kl_div, linear_kl_div_gradient

pytestmark = pytest.mark.usefixtures("small_blocks")


@pytest.mark.long
def test_gradient_of_the_mixture_is_that_of_the_logits():
    usable("torch")
    torch = library("torch")
    hidden, weight, target = (torch.tensor(one) for one in (HIDDEN, WEIGHT, TARGET))
    leaves = hidden.requires_grad_(), weight.requires_grad_()
    expected = torch.autograd.grad(js_div_with_logits(hidden @ weight.T, target, beta=0.3), leaves)
    for reduction in ("batchmean", "none"):  # its gradient is made with the loss, or once more
        loss = linear_kl_div(*leaves, target, beta=0.3, reduction=reduction).sum()
        found = torch.autograd.grad(loss if reduction == "batchmean" else loss / SHAPE[0], leaves)
        torch.testing.assert_close(found, expected)
    usable("jax")
    jax = library("jax")
    arrays = [jax.numpy.asarray(one) for one in (HIDDEN, WEIGHT, TARGET)]
    found = jax.grad(lambda *a: linear_kl_div(*a, beta=0.3), argnums=(0, 1))(*arrays)
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one, other, rtol=1e-12)


def derivatives_of(backend, function, operands, mask):
    """Gradients with respect to hidden states, weight and bias, through two ways of reducing."""

    def loss(hidden, weight, bias, teacher, target_weight, target_bias, numbers, mask):
        heads = hidden, weight, teacher, bias, target_weight, target_bias
        mean = function(*heads, mask, temperature=2.0, reduction="mean")
        return 3 * mean + (function(*heads, reduction="none") * numbers).sum()

    order = [operands[place] for place in (0, 1, 3, 2, 4, 5, 6)]
    if backend.library == "torch":
        torch = library("torch")
        leaves = [one.detach().requires_grad_() for one in order[:3]]
        return torch.autograd.grad(backend.call(loss, *leaves, *order[3:], mask), leaves)
    jax = library("jax")
    return jax.grad(lambda *a: backend.call(loss, *a), argnums=(0, 1, 2))(*order, mask)


@pytest.mark.long
def test_gradient_is_that_of_the_logits(autodiff_backend):
    backend = autodiff_backend
    operands = [backend.array(one) for one in (*HEADS, RNG.normal(size=SHAPE))]
    mask = backend.call(lambda array: array != 0, backend.array(TOKENS))
    found = derivatives_of(backend, of_heads, operands, mask)
    expected = derivatives_of(usable(backend.library), of_logits, operands, mask)
    for derivative, other in zip(found, expected, strict=True):
        assert_allclose(backend.read(derivative), backend.read(other), rtol=1e-10, atol=1e-13)


@pytest.mark.long
def test_gradient_of_a_sample_that_is_not_selected_is_zero_whatever_it_holds():
    usable("torch")
    torch = library("torch")
    operands = [torch.tensor(one) for one in HEADS]
    operands[0][~torch.tensor(TOKENS[..., 0])] = math.inf
    mask = torch.tensor(TOKENS)
    leaves = [one.requires_grad_() for one in operands[:2]]

    def loss(hidden, weight):
        return of_heads(hidden, weight, *operands[2:], mask)

    expected = [
        torch.where(mask, one, 0.0) if place == 0 else one for place, one in enumerate(leaves)
    ]
    expected = torch.autograd.grad(loss(*expected), expected)
    made_with_it = torch.autograd.grad(loss(*leaves), leaves)
    transformed = torch.func.grad(loss, argnums=(0, 1))(*[one.detach() for one in leaves])
    for derivatives in (made_with_it, transformed):
        assert_array_equal(derivatives[0].numpy()[~TOKENS[..., 0]], 0)
        torch.testing.assert_close(derivatives, expected)
    usable("jax")
    jax = library("jax")
    arrays = [jax.numpy.asarray(one.detach()) for one in operands]
    chosen = jax.numpy.asarray(TOKENS)
    found = jax.grad(lambda *a: of_heads(*a, *arrays[2:], chosen), argnums=(0, 1))(*arrays[:2])
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one, other, rtol=1e-10, atol=1e-13)


def test_torch_gives_a_gradient_twice_differentiates_it_and_makes_none_for_frozen_weights():
    usable("torch")
    torch = library("torch")
    hidden, weight, *others = (torch.tensor(one) for one in HEADS)
    hidden.requires_grad_()
    weight.requires_grad_()

    def loss(hidden, weight):
        return of_heads(hidden, weight, *others)

    value = loss(hidden, weight)
    first = torch.autograd.grad(value, (hidden, weight), retain_graph=True)
    kept = [one.clone() for one in first]
    for one in first:
        one.zero_()
    torch.testing.assert_close(torch.autograd.grad(value, (hidden, weight)), tuple(kept))
    assert torch.autograd.gradgradcheck(loss, (hidden, weight))
    with torch.inference_mode():
        frozen = weight.clone()
    loss(hidden, frozen).backward()
    torch.testing.assert_close(hidden.grad, kept[0])
    mapped = torch.func.grad(loss)(hidden.detach(), weight.detach())
    torch.testing.assert_close(mapped, kept[0])


@pytest.mark.few(1, 5)
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("way", ["grad", "vjp", "vmap", "jacfwd", "jvp", "export"])
def test_teacher_is_constant_in_every_transformation_of_torch(way):
    usable("torch")
    torch = library("torch")
    hidden, weight, other = map(torch.tensor, (HIDDEN, WEIGHT, HIDDEN[::-1].copy()))

    def loss(weight, hidden=hidden):
        return linear_kl_div(hidden, weight, other, target_weight=weight)

    leaf = weight.clone().requires_grad_()
    (expected,) = torch.autograd.grad(loss(leaf), leaf)
    found = WAYS[way](torch, loss, weight)
    wanted = expected.sum() if way == "jvp" else expected
    torch.testing.assert_close(found, wanted)
    alone = torch.func.grad(lambda one: linear_kl_div(hidden, weight, one, target_weight=weight))
    assert not alone(other).any()


def exported(torch, loss, weight):
    """Weight's gradient in an exported module."""

    class Student(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(weight.clone())

        def forward(self, hidden):
            return loss(self.weight, hidden)

    module = torch.export.export(Student(), (torch.tensor(HIDDEN),)).module()
    module(torch.tensor(HIDDEN)).backward()
    return dict(module.named_parameters())["weight"].grad


def pulled_back(torch, loss, weight):
    """Weight's gradient by a vector-Jacobian product."""
    value, pull = torch.func.vjp(loss, weight)
    return pull(torch.ones_like(value))[0]


def pushed_forward(torch, loss, weight):
    """Derivative in the direction of all weights."""
    return torch.func.jvp(loss, (weight,), (torch.ones_like(weight),))[1]


WAYS = {
    "grad": lambda torch, loss, weight: torch.func.grad(loss)(weight),
    "vjp": pulled_back,
    "vmap": lambda torch, loss, weight: torch.func.vmap(torch.func.grad(loss))(weight[None])[0],
    "jacfwd": lambda torch, loss, weight: torch.func.jacfwd(loss)(weight),
    "jvp": pushed_forward,
    "export": exported,
}


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("reduction", ["batchmean", "none"])
def test_teacher_is_constant_in_second_derivatives_of_jax(reduction, alone, monkeypatch):
    usable("jax")
    jax = library("jax")
    for module in ("linear", "linear_loss"):  # a loss of one device is a number of its own
        one = importlib.import_module(f"kldiv_xp.backends.jax.{module}")
        monkeypatch.setattr(one, "is_alone", lambda: alone)
    hidden, weight, other = map(jax.numpy.asarray, (HIDDEN, WEIGHT, HIDDEN[::-1].copy()))

    def loss(weight, of_teacher):
        rows = linear_kl_div(hidden, weight, other, target_weight=of_teacher, reduction=reduction)
        return rows.sum()

    found = jax.hessian(lambda one: loss(one, one))(weight)
    assert_allclose(found, jax.hessian(loss)(weight, weight), rtol=1e-12)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_teacher_is_constant_in_the_value_and_the_derivatives_of_the_gradient(name):
    usable(name)
    array = library("torch").tensor if name == "torch" else library("jax").numpy.asarray
    grad = library("torch.func").grad if name == "torch" else library("jax").grad
    hidden, weight, other = map(array, (HIDDEN, WEIGHT, HIDDEN[::-1].copy()))

    def loss(place, weight, of_teacher):
        layers = {"weight": weight, "target_weight": of_teacher}
        found = linear_kl_div_gradient(hidden, target=other, **layers, return_value=True)
        return (found[place] ** 2).sum()

    for place in range(3):
        found = grad(lambda one, place=place: loss(place, one, one))(weight)
        alone = grad(lambda one, place=place: loss(place, one, weight))(weight)
        assert_allclose(found, alone, rtol=1e-12)
