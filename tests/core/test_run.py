"""How a function of arrays is run: working type, one rounding, silence."""

import numpy as np

from kldiv_xp.core.facts import Facts
from kldiv_xp.core.run import quiet, run


def twice(xp, array):
    assert array.dtype == xp.float32
    return array + array


def test_function_sees_the_working_type_and_the_result_has_its_own():
    half = np.asarray([1.5, 2.5], dtype="float16")
    result = run(twice, np.float32, np.float16, half)
    assert result.dtype == np.float16
    assert result.tolist() == [3.0, 5.0]


def test_zero_dimensional_result_is_an_array():
    assert isinstance(run(twice, np.float32, np.float32, np.float32(2)), np.ndarray)


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
