"""Every hostile call gives the documented error or the right result, and does nothing else."""

import importlib
import importlib.util
import warnings
from itertools import chain

import numpy as np
import pytest
from hostile.row import Gives, Raises
from hostile.snapshot import snapshot
from numpy.testing import assert_allclose

SUBJECTS = (
    "no_arrays",
    "numpy_dtypes",
    "numpy_arrays",
    "numpy_subclasses",
    "options",
    "torch_tensors",
    "torch_special",
    "torch_modes",
    "jax_arrays",
    "other_libraries",
    "teachers",
    "sisters",
)
ROWS = list(chain.from_iterable(importlib.import_module(f"hostile.{s}").rows() for s in SUBJECTS))


def test_the_table_is_long_and_says_nothing_twice():
    assert len(ROWS) >= 150
    assert len({str(row) for row in ROWS}) == len(ROWS)


def parameters():
    for row in ROWS:
        marks = [pytest.mark.xfail(reason=row.fault, strict=True)] if row.fault else []
        yield pytest.param(row, id=str(row), marks=marks)


@pytest.mark.few(42, 479)
@pytest.mark.parametrize("row", list(parameters()))
def test_hostile_call_gives_the_documented_error_or_the_right_result(row):
    for needed in row.needs:
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    operands = row.make()
    before = [snapshot(operand) for operand in operands]
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        check(row, operands)
    expected = [row.outcome.warns] if isinstance(row.outcome, Gives) and row.outcome.warns else []
    assert [warning.category for warning in leaked] == expected, [str(w.message) for w in leaked]
    assert [snapshot(operand) for operand in operands] == before


def check(row, operands):
    """Call, and compare what comes of it with what the row says."""
    if isinstance(row.outcome, Raises):
        with pytest.raises(row.outcome.kind) as caught:
            row.call(operands)
        assert type(caught.value) is row.outcome.kind
        assert_sentence(str(caught.value), row.outcome.sentence)
        return
    result = row.call(operands)
    kind = type(result)
    assert f"{kind.__module__}.{kind.__qualname__}" == row.outcome.kind
    if row.outcome.dtype is None:
        assert result == row.outcome.value
        return
    assert str(result.dtype) == row.outcome.dtype
    values = np.asarray(result)
    assert values.shape == np.shape(row.outcome.value)
    assert_allclose(values, row.outcome.value, rtol=1e-6 if "32" in str(result.dtype) else 1e-12)


def assert_sentence(found, expected):
    if isinstance(expected, str):
        assert found == expected
    else:
        assert expected.fullmatch(found), found
