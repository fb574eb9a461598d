"""Temperature and beta may be arrays of no axes, whose values are not read."""

import numpy as np
import pytest
from array_libraries import library
from checks.students import BETAS, LOSSES, STUDENT, TEACHER, operands, reversed_at_one
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import js_div_with_logits, kl_div_with_logits

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def same_as_float(backend, found, expected, dtype):
    assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)


@pytest.mark.few(33, 127)
@LOSSES
@pytest.mark.parametrize("scaled", [False, True], ids=["bare", "scaled"])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum", "batchmean"])
def test_temperature_may_be_an_array(backend, dtype, loss, scaled, reduction):
    options = {"scale_by_temperature_squared": scaled, "reduction": reduction}

    def at(x, t, temperature):
        return loss(x, t, temperature=temperature, **options)

    pair = operands(backend, dtype)
    expected = backend.values(loss, *pair, temperature=1.7, **options)
    value = backend.call(at, *pair, backend.array(1.7))
    assert value.dtype == pair[0].dtype
    same_as_float(backend, backend.read(value), expected, dtype)


@pytest.mark.parametrize("kind", ["probabilities", "log_probabilities"])
def test_temperature_that_is_an_array_leaves_a_distribution_alone(backend, kind):
    p = np.asarray([[0.5, 0.25, 0.25, 0.0], [0.1, 0.2, 0.3, 0.4], [0.25] * 4])
    with np.errstate(divide="ignore"):
        target = p if kind == "probabilities" else np.log(p)
    pair = backend.array(STUDENT), backend.array(target)
    expected = backend.values(kl_div_with_logits, *pair, target_is=kind, temperature=3.0)

    def at(x, t, temperature):
        return kl_div_with_logits(x, t, target_is=kind, temperature=temperature)

    same_as_float(backend, backend.values(at, *pair, backend.array(3.0)), expected, "float64")


@pytest.mark.few(29, 91)
@BETAS
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("options", [{}, {"temperature": 2.0}, {"reduction": "none"}], ids=str)
def test_beta_may_be_an_array_and_its_ends_are_those_of_the_number(backend, beta, kind, options):
    pair = reversed_at_one(beta, operands(backend))
    number = float(np.asarray(beta, kind))
    expected = backend.values(js_div_with_logits, *pair, beta=number, **options)

    def at(x, t, weight):
        return js_div_with_logits(x, t, beta=weight, **options)

    value = backend.call(at, *pair, backend.array(beta, kind))
    assert value.dtype == pair[0].dtype
    assert_allclose(backend.read(value), expected, rtol=1e-6 if kind == "float32" else 1e-13)


@pytest.mark.long
def test_temperature_and_beta_may_be_arrays_with_a_mask_and_another_axis(backend):
    student, teacher = np.asarray(STUDENT).T.copy(), np.asarray(TEACHER).T.copy()
    student[:, 1] = np.nan
    mask = backend.array([[1.0, 0.0, 1.0]]) != 0
    options = {"axis": 0, "reduction": "mean"}

    def at(x, t, where, temperature, beta):
        return js_div_with_logits(x, t, where=where, temperature=temperature, beta=beta, **options)

    arrays = backend.array(student), backend.array(teacher), mask
    expected = backend.values(
        lambda x, t, m: js_div_with_logits(x, t, where=m, temperature=1.5, beta=0.25, **options),
        *arrays,
    )
    found = backend.values(at, *arrays, backend.array(1.5), backend.array(0.25))
    assert_allclose(found, expected, rtol=1e-13)


def test_operands_of_16_bits_are_softened_in_float32(autodiff_backend):
    backend = autodiff_backend
    pair = operands(backend, "bfloat16")
    wide = [backend.array(backend.read(one), "float32") for one in pair]

    def at(x, t, temperature):
        return kl_div_with_logits(x, t, temperature=temperature)

    value = backend.call(at, *pair, backend.array(1.7))
    assert value.dtype == pair[0].dtype
    exact = backend.values(kl_div_with_logits, *wide, temperature=1.7)
    assert_allclose(backend.read(value), exact, rtol=2**-8)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("integer", [np.asarray(2), np.asarray(2, "uint8")])
def test_array_of_an_int_is_a_temperature(integer):
    pair = np.asarray(STUDENT), np.asarray(TEACHER)
    expected = kl_div_with_logits(*pair, temperature=2)
    assert kl_div_with_logits(*pair, temperature=integer) == expected
    jnp = pytest.importorskip("jax.numpy")
    found = kl_div_with_logits(*map(jnp.asarray, pair), temperature=jnp.asarray(integer))
    assert_allclose(found, expected, rtol=1e-13)


def test_value_of_an_array_is_not_read():
    dask = pytest.importorskip("dask.array")

    def refuse(*_):
        raise AssertionError("the value was read")

    lazy = dask.from_delayed(library("dask").delayed(refuse)(), (), float)
    pair = dask.from_array(np.asarray(STUDENT)), dask.from_array(np.asarray(TEACHER))
    assert kl_div_with_logits(*pair, temperature=lazy).shape == ()
    assert js_div_with_logits(*pair, beta=lazy, temperature=lazy).shape == ()


@pytest.mark.parametrize("name", ["torch", "jax"])
@pytest.mark.parametrize("option", ["temperature", "beta"])
def test_option_may_be_mapped(name, option):
    backend = usable(name)
    vmap = library("torch.func" if name == "torch" else "jax").vmap
    pair, values = operands(backend), [0.25, 0.5, 0.75]
    mapped = vmap(lambda value: js_div_with_logits(*pair, **{option: value}))
    apart = [backend.read(js_div_with_logits(*pair, **{option: value})) for value in values]
    assert_allclose(backend.read(mapped(backend.array(values))), apart, rtol=1e-13)
