"""How the suite lays operands out in memory."""

import math

import numpy as np
import pytest
from conformance_misread import owner_of

from kldiv_conformance import ADAPTERS, vectors
from kldiv_conformance._calls import made
from kldiv_conformance._implementations import DIVERGENCES
from kldiv_conformance._memory import BROADCAST, LAYOUTS, LEAST_AXES, repeated_axis, with_layouts
from kldiv_conformance._vector import Operand

SHAPES = [(3,), (6,), (2, 4), (2, 3), (3, 4), (2, 3, 4), (3, 2, 2), (1, 4)]
ORDINARY = vectors("ordinary")


@pytest.fixture(params=["numpy", "torch"])
def adapter(request):
    found = ADAPTERS[request.param]
    if (reason := found.reason_to_skip()) is not None:
        pytest.skip(reason)
    return found


def fitting(layouts, shape):
    """Those that an operand of so many axes can have."""
    return [it for it in layouts if len(shape) >= LEAST_AXES.get(it, 1)]


def lying(adapter, layout, shape, dtype):
    """An array with such a layout, and its values, which are constant along the last axis."""
    values = [float(place) for place in range(math.prod(shape))]
    if layout == BROADCAST:
        values = [value // shape[-1] for value in values]
    if dtype == "bool":
        values = [value % 2 for value in values]
    return made(Operand(shape, dtype, values, layout=layout), adapter), values


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("shape", SHAPES)
def test_operands_have_their_values_wherever_they_lie(adapter, shape, dtype):
    for layout in (*fitting(LAYOUTS[adapter.library], shape), BROADCAST):
        array, values = lying(adapter, layout, shape, dtype)
        assert tuple(array.shape) == shape
        assert adapter.dtype_name(array) == dtype
        assert adapter.numbers(array) == values


@pytest.mark.parametrize("layout", ["strided", "offset", "cut", "cut between rows", BROADCAST])
def test_what_lies_beside_an_operand_in_memory_is_no_number(layout):
    array, values = lying(ADAPTERS["numpy"], layout, (2, 2, 4), "float32")
    start, memory = owner_of(array)
    assert set(memory[~np.isnan(memory)]) == set(values)
    assert np.isnan(memory).sum() >= memory.size / 2
    assert layout == "offset" or start == 0


STRIDES = {
    "": (32, 16, 4),
    "offset": (32, 16, 4),
    "transposed": (4, 12, 24),
    "strided": (64, 32, 8),
    "reversed": (-32, -16, -4),
    "flipped": (32, 16, -4),
    "cut": (64, 32, 4),
    "cut between rows": (64, 16, 4),
    "channels-last": (32, 4, 8),
    BROADCAST: (8, 4, 0),
}


@pytest.mark.parametrize("layout", [*LAYOUTS["numpy"], BROADCAST])
def test_strides_are_those_of_the_layout(layout):
    array, _ = lying(ADAPTERS["numpy"], layout, (3, 2, 4), "float32")
    assert array.strides == STRIDES[layout]


def test_axis_in_the_middle_is_broadcast_too():
    operand = Operand((2, 3, 2), "float32", [1.0, 2.0] * 3 + [3.0, 4.0] * 3, layout=BROADCAST)
    array = made(operand, ADAPTERS["numpy"])
    assert array.strides == (8, 0, 4)
    assert ADAPTERS["numpy"].numbers(array) == operand.values


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("function", [None, *DIVERGENCES])
def test_every_function_is_asked_of_an_operand_that_is_broadcast_in_the_middle(function, library):
    asked = [with_layouts(it, library) for it in vectors("rare_calls") if it.function == function]
    operands = [one for it in asked for one in (it.input, it.target) if one.layout == BROADCAST]
    assert any(0 < repeated_axis(one) < len(one.shape) - 1 for one in operands)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("function", [None, *DIVERGENCES])
def test_every_layout_of_an_operand_is_asked_of_every_function(function, library):
    asked = [with_layouts(it, library) for it in vectors() if it.function == function]
    asked = [it for it in asked if it.raises is None]
    for name in ("input", "target"):
        assert {getattr(it, name).layout for it in asked} >= set(LAYOUTS[library])
    masks = {it.where.layout for it in asked if it.where is not None}
    assert len(masks) > len(LAYOUTS[library]) / 2
    pairs = {(it.input.layout, it.target.layout) for it in asked}
    assert len(pairs) >= len(LAYOUTS[library]) ** 2 / 3


def test_every_layout_of_a_mask_is_asked():
    asked = [with_layouts(it, "numpy") for it in vectors() if it.where is not None]
    assert {it.where.layout for it in asked if it.raises is None} >= set(LAYOUTS["numpy"])


def test_one_kind_of_call_has_one_layout_but_for_broadcast_values():
    first, *others = (with_layouts(it, "numpy") for it in vectors("ordinary")[:3])
    assert first.input.shape == others[0].input.shape
    assert first.input.layout == others[0].input.layout


@pytest.mark.parametrize("library", ["jax", "dask.array", "array_api_strict"])
def test_nothing_is_asked_where_a_library_has_no_layouts(library):
    assert with_layouts(ORDINARY[0], library) is ORDINARY[0]
