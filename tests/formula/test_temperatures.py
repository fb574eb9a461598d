"""Divergences of logits at temperatures of every size: values and derivatives, in each library."""

from functools import cache, partial

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from formula.exact import exact_js, exact_kl, l2_error
from numpy.testing import assert_allclose

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

STUDENTS = [[1, 2, 3], [5, 0, -3], [1, 2, 3], [0, -60, -50]]
TEACHERS = [[1, 2, 3.5], [0.1, 4, 1], [1, 2, 3.0009765625], [0, -50, -60]]
TEMPERATURES = {
    "float32": (
        *(1e-38, 1e-30, 1e-25, 1e-19, 1e-10, 0.01, 1.0, 100.0, 1e10, 1e18, 2e19, 1e20, 1e22),
        *(1e25, 1e29, 2.0**100, 1e31, 1e38, 4e38, 1e39),
    ),
    "float64": (1e-300, 1e-200, 1e-150, 1e-10, 1.0, 1e10, 1e100, 1e150, 1e160, 1e200, 1e300),
}
CASES = [(dtype, t) for dtype, every in TEMPERATURES.items() for t in every]
AT = pytest.mark.parametrize(("dtype", "temperature"), CASES)
BETAS = (0.5, 0.1)
SMALL_BETAS = (1e-4, 1e-17, 1e-30, 1 - 2**-53)
LOSSES = {
    "KL": (kl_div_with_logits, kl_div_with_logits_gradient, {}),
    **{
        f"JS {beta}": (js_div_with_logits, js_div_with_logits_gradient, {"beta": beta})
        for beta in (*BETAS, *SMALL_BETAS)
    },
}
NAMES = list(LOSSES)[: 1 + len(BETAS)]
LOSS = pytest.mark.parametrize("name", NAMES)
BOUNDS = {"float32": 1e-5, "float64": 1e-12}


def finite_square(temperature):
    """Whether a loss may be scaled by the square of a temperature."""
    return temperature < 1e154


@cache
def operands(dtype, temperature):
    """Pairs of rows whose logits are small numbers, and such whose logits are as T is.

    No difference of them is subnormal, of which XLA makes 0.
    """
    least, most = (float(getattr(np.finfo(dtype), one)) for one in ("smallest_normal", "max"))
    large = min(max(temperature, least * 2**10), most / 2**10)
    sizes = np.asarray([1, large], "float64")[:, None, None]
    return [np.asarray((sizes * one).reshape(-1, 3), dtype) for one in (STUDENTS, TEACHERS)]


@cache
def exact(name, dtype, temperature, scaled):
    """Value and derivatives of each of these rows."""
    beta = LOSSES[name][2].get("beta")
    found = []
    for pair in zip(*operands(dtype, temperature), strict=True):
        if beta is None:
            found.append(exact_kl(*pair, temperature, scaled=scaled))
            continue
        value, *derivatives = exact_js(*pair, beta, temperature)
        factor = temperature if scaled else 1.0
        derivatives = [[one * factor * factor for one in derivative] for derivative in derivatives]
        found.append((value * factor * factor, *derivatives))
    return found


def check_values(name, dtype, temperature, scaled, found):
    """Values: infinite where they are no number of the type, and subnormal ones may be 0."""
    limits = np.finfo(dtype)
    for one, (expected, *_) in zip(found, exact(name, dtype, temperature, scaled), strict=True):
        if expected > float(limits.max) / 16:  # parts of it are no numbers
            assert one > float(limits.max) / 32
        else:
            least = 2 * float(limits.smallest_normal)
            assert_allclose(float(one), float(expected), rtol=BOUNDS[dtype], atol=least)


def check_derivatives(name, dtype, temperature, scaled, derivatives):
    """Derivatives that are numbers of the type: as vectors, and subnormal ones may be 0."""
    limits = np.finfo(dtype)
    for number, (_, *rows) in enumerate(exact(name, dtype, temperature, scaled)):
        for derivative, expected in zip(derivatives, rows, strict=True):
            longest = max(map(abs, expected))
            if longest > float(limits.max):
                continue
            assert np.isfinite(derivative[number]).all(), number
            if longest < float(limits.smallest_normal) / float(limits.eps):
                assert abs(derivative[number]).max() <= 2 * max(
                    float(longest), float(limits.smallest_normal)
                )
            else:
                assert l2_error(derivative[number], expected) <= BOUNDS[dtype], number


def scales(temperature):
    """Whether the loss is scaled: as it may be."""
    return (False, True) if finite_square(temperature) else (False,)


def options_of(name, temperature, scaled):
    """Options of a loss."""
    square = {"scale_by_temperature_squared": scaled}
    return {"temperature": temperature, **square, **LOSSES[name][2]}


@pytest.mark.few(15, 85)
@LOSS
@AT
def test_values_are_right_at_any_temperature(name, backend, dtype, temperature):
    arrays = [backend.array(one, dtype) for one in operands(dtype, temperature)]
    for scaled in scales(temperature):
        options = options_of(name, temperature, scaled)
        found = backend.values(LOSSES[name][0], *arrays, reduction="none", **options)
        check_values(name, dtype, temperature, scaled, found)


@pytest.mark.few(15, 45)
@LOSS
@AT
def test_derivatives_are_right_at_any_temperature(name, backend, dtype, temperature):
    arrays = [backend.array(one, dtype) for one in operands(dtype, temperature)]
    for scaled in scales(temperature):
        options = options_of(name, temperature, scaled)
        derivatives = backend.call(LOSSES[name][1], *arrays, reduction="sum", **options)
        derivatives = [backend.read(one) for one in derivatives]
        check_derivatives(name, dtype, temperature, scaled, derivatives)


@pytest.mark.few(10, 30)
@pytest.mark.parametrize("name", list(LOSSES)[len(NAMES) :])
@pytest.mark.parametrize("temperature", [1e-38, 1e18, 2e19, 1e25, 1e31, 1e39])
def test_small_beta_keeps_what_the_square_of_the_temperature_makes_large(
    name, holding_backend, temperature
):
    arrays = [holding_backend.array(one, "float32") for one in operands("float32", temperature)]
    for scaled in (False, True):
        options, at = options_of(name, temperature, scaled), (name, "float32", temperature, scaled)
        rows = holding_backend.values(LOSSES[name][0], *arrays, reduction="none", **options)
        check_values(*at, rows)
        derivatives = holding_backend.call(LOSSES[name][1], *arrays, reduction="sum", **options)
        check_derivatives(*at, [holding_backend.read(one) for one in derivatives])


@pytest.mark.long
@LOSS
@AT
@pytest.mark.cases(1)
def test_compiled_gradients_of_jax_are_right_at_any_temperature(name, dtype, temperature):
    backend, jax = usable("jax-jit"), library("jax")
    arrays = [backend.array(one, dtype) for one in operands(dtype, temperature)]
    for scaled in scales(temperature):
        loss = partial(LOSSES[name][0], reduction="sum", **options_of(name, temperature, scaled))
        derivatives = jax.jit(jax.grad(loss, (0, 1)))(*arrays)
        check_derivatives(
            name, dtype, temperature, scaled, [np.asarray(one) for one in derivatives]
        )


@pytest.mark.few(0, 1)
@LOSS
@AT
@pytest.mark.cases(2)
def test_temperature_that_is_an_array_is_as_right(name, dtype, temperature):
    backend, jax = usable("jax-jit"), library("jax")
    if not float(np.finfo(dtype).smallest_normal) < temperature < float(np.finfo(dtype).max):
        pytest.skip("no number of the type")
    at = backend.array(temperature, dtype)
    temperature = float(at)
    arrays = [backend.array(one, dtype) for one in operands(dtype, temperature)]
    for scaled in scales(temperature):
        options = options_of(name, None, scaled)
        del options["temperature"]
        of_rows = partial(LOSSES[name][0], reduction="none", **options)
        rows = jax.jit(lambda s, t, one, f=of_rows: f(s, t, temperature=one))(*arrays, at)
        check_values(name, dtype, temperature, scaled, np.asarray(rows))


TORCH = [(name, *case) for name in NAMES for case in CASES]


# torch compiles its own derivatives.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize(("name", "dtype", "temperature"), TORCH)
@pytest.mark.cases(4, 27)
def test_transforms_of_torch_have_the_derivatives(name, dtype, temperature):
    backend, func = usable("torch"), library("torch").func
    arrays = [backend.array(one, dtype) for one in operands(dtype, temperature)]
    for scaled in scales(temperature):
        loss = partial(LOSSES[name][0], **options_of(name, temperature, scaled))
        backward = func.grad(partial(loss, reduction="sum"), (0, 1))(*arrays)
        forward = [columns(backend, loss, place, arrays, dtype) for place in (0, 1)]
        for derivatives in (backward, forward):
            check_derivatives(
                name, dtype, temperature, scaled, [backend.read(one) for one in derivatives]
            )


def columns(backend, loss, place, arrays, dtype):
    """Derivatives of every row by one operand, in forward mode: one class after the other."""

    def of_one(operand):
        both = [operand if place == number else one for number, one in enumerate(arrays)]
        return loss(*both, reduction="none")

    func, found = library("torch").func, []
    for unit in np.eye(3):
        tangent = backend.array(np.tile(unit, (len(arrays[0]), 1)), dtype)
        found.append(func.jvp(of_one, (arrays[place],), (tangent,))[1])
    return library("torch").stack(found, dim=1)
