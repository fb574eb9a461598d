"""The traced kernels of the loss are the plain expression, in any type, layout and shape."""

from dataclasses import replace

import cuda_on_cpu
import numpy as np
import pytest
import reference
from cuda_on_cpu.both_ways import BOTH_SPACES, DEVICE, TYPES, both_ways, operands, plain, tolerance
from golden_kernels import P
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate import evaluate_derivatives
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda import launch_plan
from kldiv_xp.cuda.strides_and_grid import grid_of
from kldiv_xp.tracing.layouts import layout_of

MIXED = [("float16", "float32"), ("float32", "float64"), ("float16", "float64")]


@pytest.mark.cases(1, 5)
@TYPES
@BOTH_SPACES
@pytest.mark.parametrize("reduction", ["terms", "loss", "samples"])
def test_values_are_those_of_the_plain_expression(type_, form, reduction):
    arrays = operands((5, 7, 11), type_, form)
    here, expected = both_ways(reduction, arrays, form)
    assert here.dtype == expected.dtype
    assert here.shape == expected.shape
    assert_allclose(here, expected, rtol=4 * tolerance(type_), atol=tolerance(type_))


@pytest.mark.long
@pytest.mark.cases(4)
@BOTH_SPACES
@pytest.mark.parametrize("types", MIXED, ids="-".join)
@pytest.mark.parametrize("turned", [False, True])
def test_mixed_types_promote(types, form, turned):
    arrays = [array.astype(t) for array, t in zip(operands((6, 5)), types, strict=True)]
    arrays = tuple(arrays[::-1] if turned else arrays)
    if form.log_target:
        arrays = arrays[0], -np.abs(arrays[1])
    for reduction in ("terms", "loss"):
        here, expected = both_ways(reduction, arrays, form)
        assert here.dtype == expected.dtype
        assert_allclose(here, expected, rtol=tolerance(here.dtype), equal_nan=True)
    whole, wanted = plain(*arrays), (True, True)
    derivatives = launch_plan.derivatives(DEVICE, whole, arrays, form, Scale(0.5), (), wanted)
    for derivative, operand in zip(derivatives, arrays, strict=True):
        assert derivative.dtype == operand.dtype


@pytest.mark.few(1, 13)
@pytest.mark.parametrize("axis", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("masked", [False, True])
def test_samples_along_any_axes(axis, masked):
    arrays = operands((4, 3, 70))
    if masked:
        arrays = (*arrays, np.random.default_rng(1).uniform(size=(4, 3, 70)) < 0.5)
    here, expected = both_ways("samples", arrays, axis=axis)
    assert here.shape == expected.shape
    assert_allclose(here, expected, rtol=1e-13)


LAYOUTS = {
    "transposed": np.asfortranarray,
    "every second": lambda array: np.repeat(np.repeat(array, 2, 0), 2, 2)[::2, :, ::2],
    "reversed": lambda array: array[::-1, :, ::-1].copy()[::-1, :, ::-1],
    "swapped axes": lambda array: array.swapaxes(0, 1).copy().swapaxes(0, 1),
    "read-only": lambda array: np.frombuffer(array.tobytes()).reshape(array.shape),
}


@pytest.mark.few(0, 15)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("which", [(0,), (1,), (0, 1)], ids=str)
def test_layout_of_operands_changes_no_value(layout, which):
    arrays = operands((4, 5, 6))
    laid = tuple(layout(array) if i in which else array for i, array in enumerate(arrays))
    for reduction in ("terms", "loss", "samples"):
        here, _ = both_ways(reduction, laid)
        expected, _ = both_ways(reduction, arrays)
        assert_allclose(here, expected, rtol=1e-14)
    both = (True, True)
    found, derivatives = (
        launch_plan.derivatives(DEVICE, plain(*arrays), given, P, Scale(2.0), (), both)
        for given in (laid, arrays)
    )
    assert_array_equal(found, derivatives)


@pytest.mark.slow
def test_operands_and_masks_that_are_broadcast_are_not_copied():
    log_q, target = operands((4, 5, 6))
    rows = np.broadcast_to(log_q[:1, :, :1], log_q.shape)
    mask = np.broadcast_to(np.arange(5)[None, :, None] < 3, log_q.shape)
    for reduction in ("terms", "loss", "samples"):
        here, expected = both_ways(reduction, (rows, target, mask))
        assert_allclose(here, expected, rtol=1e-13)


@pytest.mark.cases(1, 5)
@BOTH_SPACES
@pytest.mark.parametrize("wanted", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("upstream", ["none", "number", "array"])
@pytest.mark.parametrize("masked", [False, True])
def test_derivatives_are_those_of_the_plain_expression(form, wanted, upstream, masked):
    arrays = operands((4, 9), form=form)
    rng = np.random.default_rng(8)
    factors = {
        "none": (),
        "number": (np.asarray(3.0),),
        "array": (np.broadcast_to(rng.normal(size=(4, 1)), (4, 9)),),
    }[upstream]
    if masked:
        arrays = (*arrays, rng.uniform(size=(4, 9)) < 0.5)
    whole = plain(*arrays[:2])
    given = (whole, arrays, form, Scale(0.5, 2), factors, wanted)
    for here, expected in zip(
        launch_plan.derivatives(DEVICE, *given), evaluate_derivatives(*given), strict=True
    ):
        if expected is None:
            assert here is None
        else:
            assert_allclose(here, expected, rtol=1e-14, atol=1e-15)


@pytest.mark.few(1, 4)
@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0), (0, 3)])
def test_shapes_without_or_with_one_element(shape):
    arrays = np.full(shape, -1.0), np.ones(shape)
    here, expected = both_ways("terms", arrays)
    assert_array_equal(here, expected)
    for parts in (1, max(len(arrays[0].shape and arrays[0]), 1), 0, None):
        here, expected = both_ways("loss", arrays, parts=parts)
        assert here.shape == ()
        assert_array_equal(here, expected)
    for axis in [(place,) for place in range(len(shape))]:
        assert_array_equal(*both_ways("samples", arrays, axis=axis))


@pytest.mark.slow
def test_sum_beyond_float16_is_divided_before_it_is_rounded():
    arrays = np.full((40, 1000), -8.0, "float16"), np.full((40, 1000), 1.0, "float16")
    here = launch_plan.sums(DEVICE, examine(*arrays), arrays, P, (0, 1), 40)
    assert here.dtype == np.float16
    assert here == 8000


@pytest.mark.slow
def test_sum_of_many_terms_is_that_of_exact_addition():
    """Terms of float32 are added up in float64: half a unit in the last place, and no more."""
    log_q, target = operands((64, 3001), "float32")
    terms = launch_plan.terms(DEVICE, examine(log_q, target), (log_q, target), P)
    exact = np.float32(reference.math.fsum(terms.ravel().tolist()))
    here = launch_plan.sums(DEVICE, examine(log_q, target), (log_q, target), P, (0, 1), 1)
    assert here == exact


def test_operands_are_left_as_they_are():
    arrays = operands((5, 6))
    before = [array.copy() for array in arrays]
    for reduction in ("terms", "loss", "samples"):
        both_ways(reduction, arrays, axis=(1,))
    launch_plan.derivatives(DEVICE, plain(*arrays), arrays, P, Scale(1), (), (True, True))
    assert_array_equal(arrays, before)


@pytest.mark.slow
def test_between_the_kernels_there_is_a_number_for_each_piece_of_each_row():
    allocated = []

    def empty(shape, dtype):
        allocated.append((shape, dtype))
        return DEVICE.empty(shape, dtype)

    arrays = operands((3, 7000), "float32")
    device, whole = replace(DEVICE, empty=empty), examine(*arrays)
    launch_plan.sums(device, whole, arrays, P, (0, 1), 1)
    layout = layout_of((3, 7000), (), (0, 1), [(7000, 1)] * 2)
    _, between = allocated
    assert between == ((grid_of(layout, 4, split=True).pieces,), np.dtype("float64"))
    assert between[0] == (21,)


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("shape", [(1, 5000), (9, 700), (300, 11)])
def test_losses_have_the_same_bits_in_any_order_of_the_threads(shape):
    log_q, target = arrays = operands(shape, "float32")
    results = []
    for order in (cuda_on_cpu.ascending, cuda_on_cpu.descending, cuda_on_cpu.shuffled):

        def launch(*arguments, order=order):
            cuda_on_cpu.launch(*arguments, order=order)

        device = cuda_on_cpu.numpy_device(launch)
        whole = examine(log_q, target)
        samples = launch_plan.sums(device, whole, arrays, P, (1,), 1)
        total = launch_plan.sums(device, whole, arrays, P, (0, 1), 1)
        results.append((samples.tobytes(), total.tobytes()))
    assert results == results[:1] * 3
