"""Operands that do not lie in one piece of memory, and what is said where they are misread."""

import math

import numpy as np
import pytest

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._common_cause import common_cause
from kldiv_xp import kl_div

SHAPES = [(3,), (6,), (2, 4), (2, 3), (3, 4), (2, 3, 4), (3, 2, 2), (1, 4)]
ORDINARY = vectors("ordinary") + vectors("zeros_and_infinities")


def one_piece(array):
    """Values that a kernel reads which takes an address and a shape.

    Where it would read past the end of the memory, and may crash, from the beginning again.
    """
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    start = (array.ctypes.data - owner.ctypes.data) // array.itemsize
    places = start + np.arange(array.size).reshape(array.shape)
    return owner.ravel(order="K").take(places, mode="wrap") if array.size else array


def misreading(input, target, *, reduction="mean", log_target=False):
    return kl_div(one_piece(input), one_piece(target), reduction=reduction, log_target=log_target)


def returning_nothing(input, target, *, reduction="mean", log_target=False):
    return None


def raising(input, target, *, reduction="mean", log_target=False):
    raise RuntimeError("no device")


def of_another_dtype(input, target, *, reduction="mean", log_target=False):
    return kl_div(input, target, reduction=reduction, log_target=log_target).astype("longdouble")


@pytest.fixture(params=["numpy", "torch"])
def adapter(request):
    found = ADAPTERS[request.param]
    if (reason := found.reason_to_skip()) is not None:
        pytest.skip(reason)
    return found


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_operands_have_their_values_wherever_they_lie(adapter, shape, dtype):
    values = [float(place) for place in range(math.prod(shape))]
    array = adapter.make(values, shape, dtype)
    assert tuple(array.shape) == shape
    assert adapter.dtype_name(array) == dtype
    assert adapter.numbers(array) == values


def test_some_operands_lie_in_one_piece_and_others_do_not(adapter):
    made = [adapter.make([0.5] * math.prod(shape), shape, "float32") for shape in SHAPES]
    whole = [np.asarray(one).flags.c_contiguous for one in made]
    assert len(set(whole)) == 2


def test_masks_and_indices_stay(adapter):
    for dtype in ("bool", "int64"):
        array = adapter.make([1.0, 0.0, 1.0], (3,), dtype)
        assert np.asarray(array).flags.c_contiguous


def cause_of(loss):
    adapter = ADAPTERS["numpy"]
    outcomes = [judge(vector, adapter, Implementation("other", loss)) for vector in ORDINARY]
    return common_cause([one.to_json() for one in outcomes], "numpy")


@pytest.mark.parametrize(
    ("loss", "cause"),
    [
        (misreading, "do not lie in one piece of memory: read them by their strides"),
        (returning_nothing, "return something that is no array of the backend; the first"),
        (raising, "raise an exception; the first: must return a value, but raised RuntimeError"),
        (of_another_dtype, "have another dtype; the first: value must have the dtype"),
    ],
)
def test_cause_that_all_failures_share_is_named(loss, cause):
    assert cause in cause_of(loss)


@pytest.mark.parametrize(
    ("detail", "cause"),
    [
        ("no answer within 1 seconds.", "have no answer in time; the first: no answer within"),
        (
            "the process of numpy ended with status 1: gone",
            "end the process that computes them; the first: the process of numpy ended",
        ),
    ],
)
def test_processes_that_end_or_do_not_answer_are_a_cause(detail, cause):
    lines = [{"id": one.id, "verdict": "failure", "detail": detail} for one in ORDINARY]
    assert cause in common_cause(lines, "numpy")


def test_failures_without_a_common_cause_have_none():
    assert cause_of(kl_div) is None
    assert cause_of(lambda q, p, **options: -kl_div(q, p, **options)) is None


def backwards_as_forwards(input, target, *, reduction="mean", log_target=False):
    """A loss that reads negative strides as if they were positive."""
    pair = (
        np.flip(one, [at for at, step in enumerate(one.strides) if step < 0])
        for one in (input, target)
    )
    return kl_div(*pair, reduction=reduction, log_target=log_target)


def test_loss_that_misreads_negative_strides_is_convicted():
    adapter, loss = ADAPTERS["numpy"], Implementation("other", backwards_as_forwards)
    verdicts = {judge(vector, adapter, loss).to_json()["verdict"] for vector in ORDINARY}
    assert "failure" in verdicts
