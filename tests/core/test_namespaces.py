"""The door to array-api-compat."""

import numpy as np
import pytest
from array_libraries import library
from conftest import usable

from kldiv_xp.core.dtypes import cast, promoted_dtype, working_dtype
from kldiv_xp.core.namespaces import is_array, is_torch_tensor, known_shape, namespace_of


def test_arrays_are_told_from_the_rest(backend):
    assert is_array(backend.array([1.0]))
    assert not any(map(is_array, [1.0, [1.0], None, "array", np, np.dtype("f4")]))


def test_torch_tensors_and_parameters_are_known_by_name():
    tensor = usable("torch").array([1.0])
    torch = library("torch")
    assert is_torch_tensor(tensor)
    assert is_torch_tensor(torch.nn.Parameter(tensor))
    assert not is_torch_tensor(torch.Size([1]))
    assert not is_torch_tensor(np.ones(1))


def test_subclass_of_a_tensor_finds_its_namespace_all_the_same():
    usable("torch")
    torch = library("torch")

    class Mine(torch.Tensor):
        pass

    tensor = torch.ones(2).as_subclass(Mine)
    assert is_torch_tensor(tensor)
    assert namespace_of(tensor).__name__ == "array_api_compat.torch"


def test_shape_that_is_not_known_has_none(backend):
    assert known_shape(backend.array([[1.0, 2.0]])) == (1, 2)

    class Lazy:
        shape = (float("nan"), 3, None)

    assert known_shape(Lazy()) == (None, 3, None)


def test_narrow_floats_are_computed_in_float32(backend):
    for dtype in backend.dtypes:
        array = backend.array([1.0], dtype)
        xp = namespace_of(array)
        expected = xp.float64 if dtype == "float64" else xp.float32
        assert working_dtype(xp, array.dtype) == expected


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_two_kinds_of_half_precision_promote_to_float32(name):
    backend = usable(name)
    operands = backend.array([1.0], "float16"), backend.array([1.0], "bfloat16")
    xp = namespace_of(operands[0])
    assert promoted_dtype(xp, *[operand.dtype for operand in operands]) == xp.float32


def test_cast_changes_the_type_and_only_that():
    array = np.asarray([1.0, 2.0], dtype="float16")
    assert cast(np, array, np.dtype("float16")) is array
    wide = cast(np, array, np.dtype("float32"))
    assert (wide.dtype, wide.tolist()) == (np.float32, [1.0, 2.0])
