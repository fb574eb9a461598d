"""Kernels of losses with both derivatives: the numbers of two kernels, from operands read once."""

from dataclasses import replace

import cuda_on_cpu
import numpy as np
import pytest
from cuda_on_cpu.both_ways import BOTH_SPACES, TYPES, operands, plain, tolerance
from golden_kernels import GENERALIZED, P
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import launch_plan
from kldiv_xp.cuda.launch_with_derivatives import rows_with_derivatives, with_derivatives
from kldiv_xp.formula.logits import JS, KL, JSOfGiven

SCALE, BOTH = Scale(3.0, 2), (True, True)


@pytest.fixture
def readers():
    """Launches that read the operands."""
    return []


@pytest.fixture
def device(readers):
    """A simulated device that counts them."""

    def launch(source, *rest):
        readers.extend([1] * ("at_x," in source))
        cuda_on_cpu.launch(source, *rest)

    return cuda_on_cpu.numpy_device(launch)


def value_of(device, context, arrays, form, axis, parts):
    if axis == ():
        return launch_plan.terms(device, context, arrays, form)
    every = tuple(range(arrays[0].ndim))
    return launch_plan.sums(device, context, arrays, form, axis or every, parts)


def assert_like_two(found, value, derivatives, bound):
    for one, other in zip(found, (value, *derivatives), strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert_allclose(one, other, rtol=bound, atol=bound)


@pytest.mark.few(0, 2)
@pytest.mark.cases(8)
@TYPES
@BOTH_SPACES
@pytest.mark.parametrize("axis", [None, (), (-1,), (0, 2), (0,), (1,)], ids=str)
@pytest.mark.parametrize("layout", ["contiguous", "by columns", "masked", "above"])
def test_terms_or_sums_and_both_derivatives_take_one_kernel(
    device, readers, type_, form, axis, layout
):
    arrays, upstream = operands((9, 12, 65), type_, form), ()
    context = plain(*arrays)
    if layout == "by columns":
        arrays = tuple(np.asfortranarray(one) for one in arrays)
    if layout == "masked":
        arrays = (*arrays, np.random.default_rng(1).uniform(size=arrays[0].shape) < 0.5)
    if layout == "above":
        upstream = (np.broadcast_to(context.xp.asarray(1.5, dtype=context.working), (9, 12, 65)),)
    axis = (2,) if axis == (-1,) else axis
    parts = 7 if axis is None else None
    found = with_derivatives(device, context, arrays, form, axis, parts, SCALE, upstream)
    assert len(readers) == 1
    value = value_of(device, context, arrays, form, axis, parts)
    derivatives = launch_plan.derivatives(device, context, arrays, form, SCALE, upstream, BOTH)
    for one, other in zip(found[1:], derivatives, strict=True):
        assert_array_equal(one, other)
    assert_like_two(found, value, derivatives, tolerance(type_))


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("form", [P, GENERALIZED], ids=["p", "generalized"])
def test_sums_of_many_pieces_and_of_nothing(device, readers, form):
    for shape in ((50, 300), (0, 5), (5, 0)):
        arrays = operands(shape, "float32", form)
        context = plain(*arrays)
        found = with_derivatives(device, context, arrays, form, None, 3, SCALE, ())
        assert len(readers) == 1
        value = value_of(device, context, arrays, form, None, 3)
        rest = launch_plan.derivatives(device, context, arrays, form, SCALE, (), BOTH)
        assert_like_two(found, value, rest, 1e-6)
        assert found[0] == value
        readers.clear()


ROWS = {
    "KL": KL(1.0, "logits"),
    "KL, T": KL(3.0, "logits", scaled=True),
    "cold": KL(1e-33, "logits", scaled=True),
    "of p": KL(2.0, "probabilities"),
    "of log p": KL(2.0, "log_probabilities"),
    "JS": JS.of(1.0, 0.5),
    "JS, T": replace(JS.of(3.0, 0.1), scaled=True),
    "JS of one weight": JS.of(1.0, 0.01),
    "reverse": JS.of(1.0, 1.0),
    "JS of p": JSOfGiven(2.0, 0.3, "probabilities", scaled=True),
}


@pytest.mark.few(0, 1)
@pytest.mark.cases(8)
@TYPES
@pytest.mark.parametrize("shape", [(7, 12), (3, 2, 1030), (70, 3)], ids=str)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("divergence", ROWS.values(), ids=ROWS)
def test_rows_and_both_derivatives_take_one_kernel(
    device, readers, type_, divergence, masked, shape
):
    arrays, rng = operands(shape, type_), np.random.default_rng(9)
    first = (0,) * (len(shape) - 1)
    arrays[1][first] = arrays[0][first]  # equal
    last = (-1,) * (len(shape) - 1)
    near = 1e-3 * rng.normal(size=shape[-1])
    arrays[1][last] = (arrays[0][last] + near).astype(type_)
    if shape == (7, 12):  # a value that is not finite, and one of derivatives
        arrays[0][2, 3] = -np.inf
        arrays[1][4, 5] = np.nan
    if masked:
        arrays = (*arrays, rng.uniform(size=(*shape[:-1], 1)) < 0.5)
    context = plain(*arrays[:2])
    upstream = (rng.normal(size=(*shape[:-1], 1)).astype(context.working),)
    options = divergence, SCALE, upstream
    found = rows_with_derivatives(device, context, arrays, *options)
    assert len(readers) == 1
    value = launch_plan.divergences(device, context, arrays, divergence)
    derivatives = launch_plan.row_derivatives(device, context, arrays, *options, BOTH)
    bound = 30 * np.finfo(context.working).eps + tolerance(type_)
    assert_like_two(found, value, derivatives, bound)
