"""How a function of arrays is run: working type, one rounding, silence, chunks."""

import numpy as np
import pytest
from backends import library
from conftest import usable

from kldiv_xp._backends import Facts
from kldiv_xp._execution import elementwise, quiet, sum_over, total


def twice(xp, array):
    assert array.dtype == xp.float32
    return array + array


def test_function_sees_the_working_type_and_the_result_has_its_own():
    half = np.asarray([1.5, 2.5], dtype="float16")
    result = elementwise(twice, half, dtype=np.float32, result_dtype=np.float16)
    assert result.dtype == np.float16
    assert result.tolist() == [3.0, 5.0]


def test_zero_dimensional_result_is_an_array():
    result = elementwise(twice, np.float32(2), dtype=np.float32, result_dtype=np.float32)
    assert isinstance(result, np.ndarray)


def test_total_is_the_sum_over_all_axes(backend):
    assert backend.values(total, backend.array([[1.0, 2.0], [3.0, 4.0]])) == 10


def test_sum_over_keeps_the_axes_that_are_asked_for():
    assert sum_over(np.ones((2, 3)), axis=(1,), keepdims=True).tolist() == [[3.0], [3.0]]


def test_quiet_silences_numpy_where_it_computes():
    with quiet(Facts(), np.ones(1)):
        assert set(np.geterr().values()) == {"ignore"}


def test_quiet_leaves_numpy_alone_where_it_does_not_compute():
    before = np.geterr()
    with quiet(Facts(computes_with_numpy=False), np.ones(1)):
        assert np.geterr() == before


def test_quiet_enters_the_device_of_the_array_where_that_is_needed():
    entered = []

    class Device:
        def __enter__(self):
            entered.append("entered")

        def __exit__(self, *_):
            entered.append("left")

    class Array:
        device = Device()

    with quiet(Facts(needs_device_context=True), Array()):
        assert entered == ["entered"]
    assert entered == ["entered", "left"]


def test_dask_runs_one_task_for_every_chunk():
    usable("dask")
    da = library("dask.array")
    array = da.ones((8, 6), chunks=(4, 3), dtype="float32")
    result = elementwise(twice, array, dtype=np.float32, result_dtype=np.float32)
    assert result.chunks == array.chunks
    assert result.npartitions == len(result.dask.layers[result.name])


def test_dask_runs_with_the_namespace_of_the_chunk():
    usable("dask")
    names = set()

    def spy(xp, array):
        names.add(xp.__name__)
        return array

    array = library("dask.array").ones(3, chunks=2)
    elementwise(spy, array, dtype=np.float64, result_dtype=np.float64).compute(
        scheduler="synchronous"
    )
    assert names == {"array_api_compat.numpy"}


@pytest.mark.parametrize("chunks", [(3, 5), (5, 3), (1, 1)])
def test_dask_operands_may_be_chunked_differently(chunks):
    usable("dask")
    da = library("dask.array")
    left, right = da.ones((5, 5), chunks=2), da.ones((5, 5), chunks=chunks)
    added = elementwise(
        lambda _, a, b: a + b, left, right, dtype=np.float64, result_dtype=np.float64
    )
    assert (added.compute(scheduler="synchronous") == 2).all()
