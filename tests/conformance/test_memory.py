"""How the suite lays operands out in memory."""

import math

import numpy as np
import pytest
from conformance_misread import owner_of

from kldiv_conformance import ADAPTERS, vectors
from kldiv_conformance._calls import made
from kldiv_conformance._implementations import DIVERGENCES
from kldiv_conformance._memory import BROADCAST, LAYOUTS, with_layouts
from kldiv_conformance._vector import Operand

SHAPES = [(3,), (6,), (2, 4), (2, 3), (3, 4), (2, 3, 4), (3, 2, 2), (1, 4)]
ORDINARY = vectors("ordinary")


@pytest.fixture(params=["numpy", "torch"])
def adapter(request):
    found = ADAPTERS[request.param]
    if (reason := found.reason_to_skip()) is not None:
        pytest.skip(reason)
    return found


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
    for layout in (*LAYOUTS[adapter.library], BROADCAST):
        array, values = lying(adapter, layout, shape, dtype)
        assert tuple(array.shape) == shape
        assert adapter.dtype_name(array) == dtype
        assert adapter.numbers(array) == values


def test_what_lies_beside_an_operand_in_memory_is_no_number():
    for layout in ("strided", "offset", BROADCAST):
        array, values = lying(ADAPTERS["numpy"], layout, (2, 4), "float32")
        start, memory = owner_of(array)
        assert set(memory[~np.isnan(memory)]) == set(values)
        assert np.isnan(memory).sum() >= memory.size / 2
        assert layout == "offset" or start == 0


def test_strides_are_those_of_the_layout():
    strides = {
        layout: lying(ADAPTERS["numpy"], layout, (3, 2), "float32")[0].strides
        for layout in (*LAYOUTS["numpy"], BROADCAST)
    }
    assert strides == {
        "": (8, 4),
        "offset": (8, 4),
        "transposed": (4, 12),
        "strided": (16, 8),
        "reversed": (-8, -4),
        BROADCAST: (4, 0),
    }


@pytest.mark.parametrize("function", [None, *DIVERGENCES])
def test_every_layout_of_every_operand_is_asked_of_every_function(function):
    asked = [with_layouts(it, "torch") for it in vectors() if it.function == function]
    for name in ("input", "target", "where"):
        operands = [{**it.pair, **it.others}.get(name) for it in asked if it.raises is None]
        layouts = {operand.layout for operand in operands if operand is not None}
        assert layouts >= set(LAYOUTS["torch"])
    pairs = {(it.input.layout, it.target.layout) for it in asked}
    assert len(pairs) >= len(LAYOUTS["torch"]) ** 2 / 2


def test_one_kind_of_call_has_one_layout_but_for_broadcast_values():
    first, *others = (with_layouts(it, "numpy") for it in vectors("ordinary")[:3])
    assert first.input.shape == others[0].input.shape
    assert first.input.layout == others[0].input.layout


@pytest.mark.parametrize("library", ["jax", "dask.array", "array_api_strict"])
def test_nothing_is_asked_where_a_library_has_no_layouts(library):
    assert with_layouts(ORDINARY[0], library) is ORDINARY[0]
