"""Second derivatives of divergences of logits at temperatures and betas of every size."""

from functools import cache, partial

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from formula.exact_second import exact_second, mpmath
from formula.test_temperatures import LOSSES, check_derivatives, operands, options_of, scales
from numpy.testing import assert_allclose

from kldiv_xp import js_div_with_logits, kl_div_with_logits

TEMPERATURES = {
    "float32": (1e-38, 1e-20, 0.3, 1.0, 1e10, 1e30),
    "float64": (1e-150, 1e-38, 0.3, 1.0, 1e30, 1e150),
}
CASES = [
    (name, dtype, temperature)
    for name in LOSSES
    for dtype, every in TEMPERATURES.items()
    for temperature in every
]
CASE = pytest.mark.parametrize(("name", "dtype", "temperature"), CASES)
BOUNDS = {"float32": 2e-3, "float64": 1e-11}
"""Of the whole matrix: where logarithms of 30 cancel, its errors are thousands of eps."""
UNITS = np.eye(6).reshape(6, 2, 3)
"""Of the logits of student and teacher, one after the other."""


def double_backward(loss, arrays, units):
    """Products of the second derivatives and each unit, by autograd."""
    torch = library("torch")
    leaves = [one.clone().requires_grad_() for one in arrays]
    derivatives = torch.autograd.grad(loss(*leaves).sum(), leaves, create_graph=True)
    return [
        torch.autograd.grad(derivatives, leaves, unit, retain_graph=True, materialize_grads=True)
        for unit in units
    ]


def forward_over_reverse(transforms, loss, arrays, units):
    """The same: the derivative in forward mode of the gradient."""
    gradient = transforms.grad(lambda *both: loss(*both).sum(), (0, 1))
    return [transforms.jvp(gradient, arrays, unit)[1] for unit in units]


def forward_twice(transforms, loss, arrays, units):
    """The same: in forward mode of a derivative in forward mode."""

    def along(unit):
        return lambda *both: transforms.jvp(loss, both, unit)[1]

    rows = [[transforms.jvp(along(one), arrays, unit)[1] for one in units] for unit in units]
    return [[row[:3], row[3:]] for row in rows]


def hessians(mode, loss, arrays, backend, dtype):
    """Matrices of second derivatives of each row by the logits of both operands."""
    units = [
        tuple(backend.array(np.tile(one, (len(arrays[0]), 1)), dtype) for one in unit)
        for unit in UNITS
    ]
    if mode == "double backward":
        found = double_backward(loss, arrays, units)
    elif mode.startswith("torch"):
        function = forward_twice if mode.endswith("twice") else forward_over_reverse
        found = function(library("torch").func, loss, tuple(arrays), units)
    else:
        jax = library("jax")
        function = forward_twice if mode.endswith("twice") else forward_over_reverse
        found = jax.jit(partial(function, jax, loss))(tuple(arrays), units)
    parts = [[[backend.read(x) for x in part] for part in both] for both in found]
    if mode.endswith("twice"):
        return np.moveaxis(np.asarray(parts).reshape(6, 6, -1), -1, 0)
    return np.moveaxis(np.concatenate(np.moveaxis(np.asarray(parts), 1, 0), -1), 1, 0)


@cache
def exact(name, dtype, temperature, scaled):
    """The same of many digits."""
    beta = LOSSES[name][2].get("beta")
    return [
        exact_second(*pair, beta, temperature, scaled=scaled)
        for pair in zip(*operands(dtype, temperature), strict=True)
    ]


def check(found, expected, dtype, temperature):
    """Right as a matrix, where it and what it is made of are normal numbers, else finite."""
    limits = np.finfo(dtype)
    assert np.isfinite(found).all()
    largest = max(map(abs, expected))
    sizes = [largest * factor for factor in (1, temperature, 1 / mpmath.mpf(temperature))]
    if min(sizes) > limits.smallest_normal / limits.eps and max(sizes) < limits.max / 16:
        gap = mpmath.mnorm(mpmath.matrix(found.astype("float64").tolist()) - expected, "f")
        assert gap <= BOUNDS[dtype] * mpmath.mnorm(expected, "f")


@pytest.mark.parametrize(
    "mode",
    [
        *("double backward", "torch: forward over reverse", "torch: forward twice"),
        *("jax: forward over reverse", "jax: forward twice"),
    ],
)
@CASE
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.cases(1, 3)
def test_second_derivatives_are_finite_and_right(mode, name, dtype, temperature):
    backend = usable("jax" if mode.startswith("jax") else "torch")
    if mode == "torch: forward twice" and not 1e-3 < temperature < 1e3:
        pytest.skip("torch has that of the plain expression, which overflows where T**2 does")
    arrays = [backend.array(one, dtype) for one in operands(dtype, temperature)]
    for scaled in scales(temperature):
        size = 1 if scaled else mpmath.mpf(temperature) ** -2
        if size > np.finfo(dtype).max:
            continue
        loss = partial(LOSSES[name][0], reduction="none", **options_of(name, temperature, scaled))
        found = hessians(mode, loss, arrays, backend, dtype)
        for one, expected in zip(found, exact(name, dtype, temperature, scaled), strict=True):
            check(one, expected, dtype, temperature)


@pytest.mark.long
@pytest.mark.parametrize("temperature", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
@pytest.mark.cases(1)
def test_second_derivatives_are_those_of_logits_around_0(loss, temperature):
    usable("jax")
    jax = library("jax")
    rows = np.asarray([[0.0, 1.0, -0.5, -10.0]], "f4"), np.asarray([[1.0, 0.0, 0.25, -9.0]], "f4")
    hessian = jax.jit(jax.hessian(partial(loss, temperature=temperature, reduction="sum"), (0, 1)))
    around, far = hessian(*rows), hessian(*(one + np.float32(100) for one in rows))
    for one, other in zip(np.ravel(around), np.ravel(far), strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.few(0, 1)
@CASE
@pytest.mark.cases(2)
def test_forward_mode_of_jax_has_the_derivatives(name, dtype, temperature):
    backend, jax = usable("jax"), library("jax")
    arrays = [backend.array(one, dtype) for one in operands(dtype, temperature)]
    units = [
        tuple(backend.array(np.tile(one, (len(arrays[0]), 1)), dtype) for one in unit)
        for unit in UNITS
    ]
    for scaled in scales(temperature):
        loss = partial(LOSSES[name][0], reduction="none", **options_of(name, temperature, scaled))
        along = jax.jit(lambda unit, f=loss: jax.jvp(f, tuple(arrays), unit)[1])
        columns = np.stack([backend.read(along(unit)) for unit in units], -1)
        check_derivatives(name, dtype, temperature, scaled, [columns[:, :3], columns[:, 3:]])


@pytest.mark.long
@pytest.mark.parametrize("noise", [0, 1e-3, 1])
def test_second_derivatives_are_those_of_the_softmax(noise):
    usable("jax")
    jax = library("jax")
    rng = np.random.default_rng(21)
    teacher = rng.normal(size=6)
    student = teacher + noise * rng.normal(size=6)
    q = np.exp(student / 2) / np.exp(student / 2).sum()

    def loss(student):
        return kl_div_with_logits(
            student[None],
            jax.numpy.asarray(teacher)[None],
            temperature=2.0,
            scale_by_temperature_squared=False,
        )

    expected = (np.diag(q) - np.outer(q, q)) / 4
    for hessian in (jax.hessian(loss), jax.jacfwd(jax.jacfwd(loss))):
        assert_allclose(hessian(jax.numpy.asarray(student)), expected, atol=1e-15)
