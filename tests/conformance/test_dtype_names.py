"""The name of a dtype is read however a library spells it, and never guessed."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import imported, skip_for

from kldiv_conformance import ADAPTERS
from kldiv_conformance._dtypes import dtype_name

SPELLINGS = {
    "float16": ["float16", "torch.float16", "<dtype: 'float16'>", "half", "dtypes.half", "<f2"],
    "bfloat16": ["bfloat16", "paddle.bfloat16", "<dtype: 'bfloat16'>", "dtypes.bfloat16", "BF16"],
    "float32": [
        *("float32", "mlx.core.float32", "<dtype: 'float32'>", "dtypes.float", "float", "Float32"),
        *("<class 'jax.numpy.float32'>", "tensor(float)", "FP32", "f32", "<f4", "VarType.FP32"),
    ],
    "float64": [
        "float64",
        "<dtype: 'float64'>",
        "dtypes.double",
        "double",
        "tensor(double)",
        ">f8",
    ],
}
NO_FLOATS = ["int32", "torch.int64", "<dtype: 'complex64'>", "float8_e4m3fn", "float32_ref", "bool"]


def of(dtype):
    return SimpleNamespace(dtype=dtype)


@pytest.mark.parametrize(
    ("text", "name"), [(text, name) for name in SPELLINGS for text in SPELLINGS[name]]
)
def test_usual_spellings_are_understood(text, name):
    assert dtype_name(of(text)) == name


@pytest.mark.parametrize("text", NO_FLOATS)
def test_what_is_no_float_of_the_vectors_is_not_taken_for_one(text):
    assert dtype_name(of(text)) not in SPELLINGS


def test_dtype_that_names_two_is_neither():
    assert dtype_name(of("float32 of float64")) not in SPELLINGS


def test_float_of_python_has_64_bits_and_a_type_of_numpy_is_what_it_says():
    assert dtype_name(of(float)) == "float64"
    assert dtype_name(of(np.float32)) == "float32"
    assert dtype_name(of(np.dtype(">f2"))) == "float16"


def test_name_is_an_attribute_where_the_dtype_prints_a_number():
    assert dtype_name(of(SimpleNamespace(name="float32"))) == "float32"


@pytest.mark.parametrize("backend", ADAPTERS)
def test_every_backend_has_arrays_of_every_dtype_that_it_promises(backend):
    adapter = ADAPTERS[backend]
    skip_for(backend, adapter.reason_to_skip())
    for dtype in adapter.floats:
        array = adapter.make([1.0, -0.5, 2.0, 0.0], (2, 2), dtype)
        assert adapter.dtype_name(array) == dtype
        assert adapter.numbers(array) == [1.0, -0.5, 2.0, 0.0]


def test_dtypes_of_tinygrad_are_understood():
    tinygrad = imported("tinygrad")
    for name, other in (("float32", "float"), ("float16", "half"), ("float64", "double")):
        assert dtype_name(of(getattr(tinygrad.dtypes, other))) == name
