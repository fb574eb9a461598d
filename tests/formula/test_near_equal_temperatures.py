"""Derivatives at temperatures that are no powers of two: right to 1e-6, as at those that are."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from conftest import usable
from formula.test_near_equal_gradients import LOSS, LOSSES, errors, gradient_of

from kldiv_xp.formula.logits import JS, KL

TEMPERATURES = (1 / 3, 0.7, 1.5, 3.0, 5.0, 7.0, 10.0, 100.0, 1e-3)
AT = pytest.mark.parametrize("temperature", TEMPERATURES)
BACKENDS = ("numpy", "array-api-strict", "torch", "torch-compile", "jax", "jax-jit", "dask")
SPREADS = ((1, 0), (4, 0.5), (8, 30), (12, 0), (12, 30))
NOISES = (1e-7, 1e-5, 1e-3, 0.01, 0.1, 0.3, 1, 3, 10)


@cache
def rows_at(temperature, size, count=2):
    """Students and teachers, flat and peaked, offset, at every distance."""
    rng, every = np.random.default_rng(size), []
    for spread, offset in SPREADS:
        for noise in NOISES:
            teacher = (temperature * spread * rng.normal(size=(count, size))).astype("float32")
            moved = noise * rng.normal(size=teacher.shape) + offset
            every.append(((teacher + temperature * moved).astype("float32"), teacher))
    return [np.concatenate(one) for one in zip(*every, strict=True)]


@cache
def exact(name, temperature, size):
    """Derivatives in float64."""
    operands = [one.astype("float64") for one in rows_at(temperature, size)]
    options = {"temperature": temperature, "reduction": "sum"}
    return gradient_of(LOSSES[name])(*operands, **options)


@pytest.mark.few(0, 1)
@LOSS
@AT
@pytest.mark.parametrize("backend_name", BACKENDS)
@pytest.mark.cases(4)
def test_derivatives_are_within_1e_6_at_any_temperature(name, backend_name, temperature):
    backend, gradient = usable(backend_name), gradient_of(LOSSES[name])
    for size in (3, 50):
        operands = [backend.array(one, "float32") for one in rows_at(temperature, size)]
        found = backend.call(gradient, *operands, temperature=temperature, reduction="sum")
        for one, expected in zip(found, exact(name, temperature, size), strict=True):
            assert errors(backend.read(one), expected).max() <= 1e-6


@LOSS
@pytest.mark.parametrize("backend_name", ["torch", "jax-jit"])
def test_derivatives_are_within_1e_6_at_a_temperature_that_is_an_array(name, backend_name):
    backend, gradient = usable(backend_name), gradient_of(LOSSES[name])

    def function(student, teacher, temperature):
        return gradient(student, teacher, temperature=temperature, reduction="sum")

    wrapped = backend.wrap(function)
    for given in (*TEMPERATURES, 1.0, 4.0, 1e-30, 1e28):
        temperature = float(np.float32(given))
        arrays = [*rows_at(temperature, 7), np.asarray(temperature)]
        found = wrapped(*(backend.array(one, "float32") for one in arrays))
        for one, expected in zip(found, exact(name, temperature, 7), strict=True):
            assert errors(backend.read(one), expected).max() <= 1e-6, given


@pytest.mark.few(11, 79)
@LOSS
@AT
@pytest.mark.parametrize("place", [0, 1])
def test_every_form_that_gives_derivatives_gives_them_within_1e_6(name, temperature, place):
    beta = LOSSES[name]
    divergence = KL(temperature, "logits") if beta is None else JS.of(temperature, beta)
    divergence = replace(divergence, scaled=True)
    forms = [way for _, way in divergence.attempts(place)] + divergence.ways(place)
    for size in (2, 7, 50):
        operands = rows_at(temperature, size)
        expected = exact(name, temperature, size)[place]
        for form in forms:
            with np.errstate(all="ignore"):
                found = form(np, *operands)
            is_given = np.isfinite(found).all(-1)
            assert (errors(found, expected)[is_given] <= 1.2e-6).all()
