"""The tracer: what a formula says in C, and what it refuses to say."""

import pytest
from golden_kernels import FOLDER, golden

from kldiv_xp.cuda.c_types import ROUNDED_TO_ODD, prelude
from kldiv_xp.cuda.formula_to_c import Lines, Symbol, device_function

XT = {"x": "real", "t": "real"}


def test_function_of_arrays_becomes_a_function_of_an_element():
    def slope(xp, x, t):
        return xp.where(xp.equal(t, 0), 0.0, xp.subtract(xp.log(t), x) * 2)

    assert device_function("slope", slope, XT) == (
        "__device__ real slope(const real x, const real t)\n"
        "{\n"
        "    const bool v0 = t == real(0.0);\n"
        "    const real v1 = log(t);\n"
        "    const real v2 = v1 - x;\n"
        "    const real v3 = v2 * real(2.0);\n"
        "    const real v4 = v0 ? real(0.0) : v3;\n"
        "    return v4;\n"
        "}\n"
    )


def test_function_may_return_what_it_was_given():
    text = device_function("same", lambda xp, x: x, {"x": "real"})
    assert text == "__device__ real same(const real x)\n{\n    return x;\n}\n"


def test_numbers_are_written_so_that_they_are_read_back_the_same():
    text = device_function("third", lambda xp, x: xp.add(x, 1 / 3), {"x": "real"})
    assert "x + real(0.3333333333333333);" in text


def test_operation_without_a_form_in_c_is_refused():
    with pytest.raises(AttributeError) as caught:
        device_function("wrong", lambda xp, x: xp.tanh(x), {"x": "real"})
    expected = "`tanh` has no form in C; add it to OPERATIONS in kldiv_xp.cuda.formula_to_c."
    assert str(caught.value) == expected


def test_branching_on_a_value_is_refused():
    with pytest.raises(TypeError) as caught:
        device_function("wrong", lambda xp, x: x if xp.equal(x, 0) else 0, {"x": "real"})
    expected = "`v0` is a symbol without a value: use where(...) instead of branching."
    assert str(caught.value) == expected


def test_operands_of_an_operation_keep_their_order():
    xp = Lines()
    xp.subtract(Symbol("a", "real", xp), Symbol("b", "real", xp))
    assert xp.lines == ["    const real v0 = a - b;"]


def test_rounding_to_odd_is_defined_before_the_types_that_use_it():
    for dtypes in (["float16"], ["float32", "bfloat16"], ["float64", "bfloat16", "float16"]):
        assert prelude("float32", dtypes).startswith(ROUNDED_TO_ODD)
    assert ROUNDED_TO_ODD not in prelude("float32", ["float32", "float64", "bool"])


@pytest.mark.parametrize("name", golden())
def test_kernel_is_that_of_the_golden_text(name):
    """`python tests/golden_kernels.py` writes the texts anew, for the change to be read."""
    assert golden()[name] == (FOLDER / f"{name}.cu").read_text()


def test_every_golden_text_is_of_a_kernel():
    assert {path.stem for path in FOLDER.glob("*.cu")} == set(golden())
