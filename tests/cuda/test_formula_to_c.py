"""The tracer: what a formula says in C, and what it refuses to say."""

import pytest
from golden_kernels import FOLDER, golden

from kldiv_xp.cuda.c_operations import OPERATIONS
from kldiv_xp.cuda.c_types import ROUNDED_TO_ODD, prelude
from kldiv_xp.cuda.formula_to_c import expression
from kldiv_xp.tracing.lines import Lines, Symbol, needed
from kldiv_xp.tracing.operations import RESULT_KINDS


def lines_of(function, *names, real="float32"):
    """Code of a function of elements of arrays, and the name of its result."""
    xp = Lines(real)
    result = function(xp, *(Symbol(name, "real", xp) for name in names))
    return [f"{line.dtype} {line.name} = {expression(line)}" for line in xp.lines], result


def test_function_of_arrays_becomes_lines_of_an_element():
    def derivative(xp, x, t):
        return xp.where(xp.equal(t, 0), 0.0, xp.subtract(xp.log(t), x) * 2)

    lines, result = lines_of(derivative, "x", "t")
    assert lines == [
        "bool v0 = t == real(0.0)",
        "real v1 = log(t)",
        "real v2 = v1 - x",
        "real v3 = v2 * real(2.0)",
        "real v4 = v0 ? real(0.0) : v3",
    ]
    assert result.name == "v4"


def test_function_may_return_what_it_was_given():
    lines, result = lines_of(lambda xp, x: x, "x")
    assert (lines, result.name) == ([], "x")


def test_the_same_step_is_written_once():
    lines, _ = lines_of(lambda xp, x: xp.add(xp.exp(x), xp.exp(x)), "x")
    assert lines == ["real v0 = exp(x)", "real v1 = v0 + v0"]


def test_a_number_of_a_row_is_of_the_stage_after_its_elements():
    xp = Lines()
    x = Symbol("x", "real", xp)
    largest = xp.max(x, axis=-1, keepdims=True)
    total = xp.sum(xp.exp(xp.subtract(x, largest)), axis=-1)
    assert [(largest.stage, largest.in_rows), (total.stage, total.in_rows)] == [
        (1, False),
        (2, False),
    ]
    assert xp.subtract(x, xp.log(total)).in_rows


def test_sums_along_other_axes_are_refused():
    xp = Lines()
    with pytest.raises(ValueError, match="rows lie along axis -1; got a sum along 0"):
        xp.sum(Symbol("x", "real", xp), axis=0)


def test_numbers_are_written_so_that_they_are_read_back_the_same():
    lines, _ = lines_of(lambda xp, x: xp.add(x, 1 / 3), "x")
    assert lines == ["real v0 = x + real(0.3333333333333333)"]


def test_infinities_are_written_without_a_header():
    lines, _ = lines_of(lambda xp, x: xp.where(xp.equal(x, float("-inf")), float("inf"), x), "x")
    assert lines == [
        "bool v0 = x == real(-__uint_as_float(0x7f800000))",
        "real v1 = v0 ? real(__uint_as_float(0x7f800000)) : x",
    ]


def test_nan_is_written_without_a_header():
    lines, _ = lines_of(lambda xp, x: xp.add(x, float("nan")), "x")
    assert lines == ["real v0 = x + real(__uint_as_float(0x7fc00000))"]


def test_operation_that_is_none_of_lines_is_refused():
    with pytest.raises(AttributeError) as caught:
        lines_of(lambda xp, x: xp.sinh(x), "x")
    expected = "`sinh` is no operation of lines; add it to RESULT_KINDS in kldiv_xp.tracing.lines."
    assert str(caught.value) == expected


def test_every_operation_has_a_form_in_c():
    assert set(OPERATIONS) == set(RESULT_KINDS)


def test_branching_on_a_value_is_refused():
    with pytest.raises(TypeError) as caught:
        lines_of(lambda xp, x: x if xp.equal(x, 0) else 0, "x")
    expected = "`v0` is a symbol without a value: use where(...) instead of branching."
    assert str(caught.value) == expected


def test_operands_of_an_operation_keep_their_order():
    assert lines_of(lambda xp, a, b: xp.subtract(a, b), "a", "b")[0] == ["real v0 = a - b"]


def test_lines_that_nobody_needs_are_left_out():
    xp = Lines()
    x = Symbol("x", "real", xp)
    wanted = xp.sum(xp.exp(x), axis=-1)
    xp.log(x)
    shifted = xp.subtract(x, wanted)
    assert [line.name for line in needed(xp.lines, [shifted.name])] == ["v0", "v1", "v3"]
    assert [line.name for line in needed(xp.lines, [shifted.name], of_element=True)] == ["v3"]


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
