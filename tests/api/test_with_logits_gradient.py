"""Gradients of the divergences from logits in closed form, on every backend."""

from functools import cache

import numpy as np
import pytest
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.host import blocks

RNG = np.random.default_rng(31)
STUDENT, TEACHER = RNG.normal(size=(2, 3, 2, 4))
SELECTED = np.asarray([[True, False], [False, True], [True, True]])
WEIGHTS = RNG.normal(size=(3, 2))
KL = kl_div_with_logits, kl_div_with_logits_gradient
JS = js_div_with_logits, js_div_with_logits_gradient
INF = float("inf")

CASES = {
    "batchmean": (*KL, {}),
    "temperature": (*KL, {"temperature": 2.5, "reduction": "sum"}),
    "another axis": (*KL, {"axis": 0, "temperature": 0.5, "reduction": "mean"}),
    "masked mean": (*KL, {"reduction": "mean", "temperature": 2.0}),
    "probabilities": (*KL, {"target_is": "probabilities", "temperature": 2.0}),
    "log-probabilities": (*KL, {"target_is": "log_probabilities", "reduction": "none"}),
    "unscaled": (*JS, {"scale_by_temperature_squared": False, "temperature": 3.0}),
    "js": (*JS, {"beta": 0.2, "temperature": 2.0}),
    "js masked": (*JS, {"beta": 0.7, "reduction": "mean"}),
    "forward": (*JS, {"beta": 0, "reduction": "none", "temperature": 2.0}),
    "reverse": (*JS, {"beta": 1, "axis": 1}),
}


def operands_of(name):
    """Logits of student and teacher, or what the case takes for the latter; and a mask."""
    target = TEACHER
    if "probabilities" in name:
        target = TEACHER - np.log(np.sum(np.exp(TEACHER), axis=-1, keepdims=True))
        target = np.exp(target) if name == "probabilities" else target
    return STUDENT, target, *([SELECTED] if "masked" in name else [])


@cache
def expected(name):
    """Differences of the loss on both sides of every element."""
    loss, _, options = CASES[name]
    student, target, *where = operands_of(name)
    options = options | ({"where": where[0]} if where else {})
    weights = WEIGHTS if options.get("reduction") == "none" else 1.0
    derivatives = []
    for which in (0, 1):
        derivative = np.empty_like(student)
        for place in np.ndindex(derivative.shape):
            sides = []
            for step in (1e-5, -1e-5):
                pair = [student.copy(), target.copy()]
                pair[which][place] += step
                sides.append(np.sum(loss(*pair, **options) * weights))
            derivative[place] = (sides[0] - sides[1]) / 2e-5
        derivatives.append(derivative)
    return derivatives


@pytest.mark.few(8, 47)
@pytest.mark.parametrize("name", CASES)
def test_gradient_is_that_of_small_differences_and_the_value_that_of_the_loss(backend, name):
    loss, gradient, options = CASES[name]
    *pair, where = (*operands_of(name), None)[:3]

    def both(x, t, mask, upstream):
        more = {} if where is None else {"where": mask}
        more |= {"upstream": upstream} if options.get("reduction") == "none" else {}
        return gradient(x, t, return_value=True, **options, **more)

    mask = backend.array(SELECTED * 1.0) != 0
    value, *derivatives = backend.call(
        both, *map(backend.array, pair), mask, backend.array(WEIGHTS)
    )
    assert_allclose(backend.read(value), loss(*pair, where=where, **options), rtol=1e-12)
    for derivative, other in zip(derivatives, expected(name), strict=True):
        assert_allclose(backend.read(derivative), other, rtol=1e-6, atol=1e-7)


@pytest.mark.long
def test_temperature_and_beta_may_be_arrays(backend):
    x, t, where = backend.array(STUDENT), backend.array(TEACHER), backend.array(SELECTED * 1.0) != 0

    def at(temperature, beta, x=x, t=t, where=where):
        options = {"temperature": temperature, "where": where, "reduction": "mean"}
        return (
            *kl_div_with_logits_gradient(x, t, return_value=True, **options),
            *js_div_with_logits_gradient(x, t, beta=beta, **options),
            *js_div_with_logits_gradient(x, t, beta=beta, axis=0),
            *kl_div_with_logits_gradient(
                x, t, temperature=temperature, target_is="log_probabilities", upstream=3.0
            ),
        )

    if backend.library == "jax":  # operation by operation it compiles each of them
        at = library("jax").jit(at)
    for beta in (0.3,) if backend.library in ("jax", "dask.array") else (0.0, 0.3, 1.0):
        numbers = at.__wrapped__(2.5, beta) if backend.library == "jax" else at(2.5, beta)
        arrays = at(backend.array(2.5), backend.array(beta))
        for found, exact in zip(arrays, numbers, strict=True):
            assert found.dtype == exact.dtype
            assert_allclose(backend.read(found), backend.read(exact), rtol=1e-12, atol=1e-15)


def test_samples_that_are_not_selected_have_a_gradient_of_exactly_0(backend):
    spoiled = np.where(SELECTED[..., None], STUDENT, np.nan)
    student, teacher = backend.array(spoiled), backend.array(TEACHER)
    where = backend.array(SELECTED * 1.0) != 0
    derivatives = [
        *kl_div_with_logits_gradient(student, teacher, where=where),
        *js_div_with_logits_gradient(student, teacher, where=where, upstream=-2.0),
    ]
    for derivative in map(backend.read, derivatives):
        assert_array_equal(derivative[~SELECTED], 0.0)
        assert np.all(derivative[SELECTED] != 0)


def test_entries_without_probability_have_a_finite_gradient(backend):
    student, teacher = STUDENT.copy(), TEACHER.copy()
    student[..., 0] = teacher[..., :2] = -INF
    operands = backend.array(student), backend.array(teacher)
    for gradient in (kl_div_with_logits_gradient, js_div_with_logits_gradient):
        for derivative in gradient(*operands):
            assert np.isfinite(backend.read(derivative)).all()
            assert_array_equal(backend.read(derivative)[..., 0], 0.0)


def test_gradients_of_half_precision_are_computed_in_float32_and_rounded_once(backend):
    for dtype in set(backend.dtypes).intersection(HALF):
        halves = backend.array(STUDENT, dtype), backend.array(TEACHER, dtype)
        singles = [backend.array(backend.read(half), "float32") for half in halves]
        gradient = kl_div_with_logits_gradient
        for derivative, exact in zip(gradient(*halves), gradient(*singles), strict=True):
            rounded = backend.read(backend.array(backend.read(exact), dtype))
            assert_array_equal(backend.read(derivative), rounded)


@pytest.mark.parametrize("name", ["numpy", "torch", "dask"])
def test_gradient_of_many_blocks_is_that_of_one(monkeypatch, name):
    backend = usable(name)
    student, teacher = RNG.normal(size=(2, 40, 33))
    student[7, 3], teacher[8] = -INF, student[8]
    teacher[9, 3] = -INF
    pair = (backend.array(student), backend.array(teacher))
    if name == "dask":
        pair = [one.rechunk((10, -1)) for one in pair]
    whole = (
        kl_div_with_logits_gradient(student, teacher),
        js_div_with_logits_gradient(student, teacher),
    )
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 11)
    parts = kl_div_with_logits_gradient(*pair), js_div_with_logits_gradient(*pair)
    for one, other in zip(whole, parts, strict=True):
        for derivative, found in zip(one, other, strict=True):
            assert_allclose(backend.read(found), derivative, rtol=1e-13, atol=1e-16)


def test_gradient_can_be_differentiated():
    usable("torch")
    torch = library("torch")
    x, t = (torch.tensor(one, requires_grad=True) for one in (STUDENT, TEACHER))
    for loss, gradient in (KL, JS):
        (by_loss,) = torch.autograd.grad(loss(x, t, reduction="sum"), x, create_graph=True)
        closed, _ = gradient(x, t, reduction="sum")
        for one in (by_loss, closed):
            assert one.requires_grad
        twice = [torch.autograd.grad(one.square().sum(), (x, t)) for one in (by_loss, closed)]
        for one, other in zip(*twice, strict=True):
            assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("gradient", [kl_div_with_logits_gradient, js_div_with_logits_gradient])
def test_upstream_has_the_shape_of_the_loss(gradient):
    upstream = np.ones((3, 2, 4))
    with pytest.raises(ValueError, match="upstream") as caught:
        gradient(STUDENT, TEACHER, upstream=upstream)
    assert str(caught.value) == (
        "`upstream` must have the shape of the loss, (3, 2) for 'none' and () otherwise; got "
        "(3, 2, 4) with reduction='batchmean': pass a number."
    )
    with pytest.raises(TypeError, match="return_value") as caught:
        gradient(STUDENT, TEACHER, return_value=1)
    assert str(caught.value) == "`return_value` must be True or False; got 1: pass bool(...) of it."


def test_value_comes_before_the_gradient_of_log_probabilities():
    log_q, p = (one - np.log(np.sum(np.exp(one), -1, keepdims=True)) for one in (STUDENT, TEACHER))
    for options in ({"reduction": "sum"}, {"reduction": "mean", "axis": -1, "where": SELECTED}):
        options |= {"log_target": True}
        value, *gradient = kl_div_gradient(log_q, p, return_value=True, **options)
        assert value == kl_div(log_q, p, **options)
        for one, other in zip(gradient, kl_div_gradient(log_q, p, **options), strict=True):
            assert_array_equal(one, other)
