"""Options: axes are resolved, numbers are judged, and what is wrong is refused word for word."""

import math

import numpy as np
import pytest
from checks.refusals import BOTH, of_switch, sentence
from words import words

from kldiv_xp import KLDivLoss, KLDivWithLogitsLoss, kl_div, kl_div_with_logits
from kldiv_xp.checks.axes import resolve_axis
from kldiv_xp.checks.number_masks import ANY_NUMBERS, WEIGHTS
from kldiv_xp.checks.numbers import nearest_float


@pytest.mark.parametrize(
    ("axis", "expected"), [(-1, (2,)), ((2, 0), (0, 2)), ((-1, -3), (0, 2)), ((), ())]
)
def test_axes_are_counted_from_the_front_and_ascend(axis, expected):
    assert resolve_axis(axis, 3) == expected


@pytest.mark.parametrize("axis", [(1, 1), (0, -3), (2, 0, -1)])
def test_axis_that_is_named_twice_is_refused(axis):
    with pytest.raises(ValueError, match="must name each axis once"):
        resolve_axis(axis, 3)


@pytest.mark.parametrize(
    ("number", "expected"), [(3, 3.0), (10**400, math.inf), (-(10**400), -math.inf)]
)
def test_number_that_no_float_holds_is_infinite(number, expected):
    assert nearest_float(number) == expected


@BOTH
@pytest.mark.parametrize("flag", [1, 0, None, "True", 1.0])
def test_log_target_must_be_a_bool(backend, function, flag):
    operand = backend.array([0.5])
    assert sentence(TypeError, function, operand, operand, log_target=flag) == of_switch(
        "log_target", flag
    )


@BOTH
def test_unknown_reduction_names_the_four(backend, function):
    operand = backend.array([0.5])
    assert sentence(ValueError, function, operand, operand, reduction="avg") == (
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got "
        "'avg': did you mean 'mean'?"
    )


BAD_AXES = [
    (
        "x",
        TypeError,
        "`axis` must be None, an int or a tuple of ints; got 'x': pass an int, "
        "axis=-1 for the last one.",
    ),
    (1.0, TypeError, "`axis` must be None, an int or a tuple of ints; got 1.0: pass axis=1."),
    (
        True,
        TypeError,
        "`axis` must be None, an int or a tuple of ints; got True: pass an int, "
        "axis=-1 for the last one.",
    ),
    ([0], TypeError, "`axis` must be None, an int or a tuple of ints; got [0]: pass axis=(0,)."),
    (
        2,
        ValueError,
        "`axis` must name axes of the operands, which have 2; got 2: count them from 0, or from "
        "-1 at the end.",
    ),
    (
        (0, -2),
        ValueError,
        "`axis` must name each axis once; got (0, -2) for operands with 2 axes: pass axis=(0,).",
    ),
]


@BOTH
@pytest.mark.parametrize(("axis", "kind", "expected"), BAD_AXES)
def test_axis_must_name_axes(backend, function, axis, kind, expected):
    operand = backend.array([[0.5, 0.5]])
    assert sentence(kind, function, operand, operand, axis=axis) == expected


def test_axis_that_is_no_int_is_refused_at_construction():
    assert sentence(TypeError, KLDivLoss, axis="x") == (
        "`axis` must be None, an int or a tuple of ints; got 'x': pass an int, "
        "axis=-1 for the last one."
    )


@BOTH
def test_mask_must_be_of_bools(backend, function):
    operand = backend.array([0.5, 0.5])
    weights = WEIGHTS.format(made="", w="where", total=words(backend, "total", "where"))
    assert sentence(TypeError, function, operand, operand, where=operand) == (
        "`where` must be a mask of bools, True at what has a part in the loss; got "
        f"{operand.dtype}: {ANY_NUMBERS.format(x='where', ignored=-100)}{weights}."
    )


@BOTH
def test_mask_must_fit_operands_or_samples(backend, function):
    operand = backend.array([[0.5, 0.5]] * 3)
    mask = backend.array([1.0, 1.0]) != 0
    code = words(backend, "broadcast", "where", shape=(3, 2))
    assert sentence(ValueError, function, operand, operand, where=mask) == (
        f"`where` must have the shape (3, 2); got (2,): pass {code}."
    )
    assert sentence(ValueError, function, operand, operand, where=mask, axis=-1) == (
        f"`where` must have the shape (3, 2) or (3, 1) or (3,); got (2,): pass {code}."
    )


@BOTH
def test_mask_must_come_from_the_same_library(backend, function):
    operand = backend.array([0.5, 0.5])
    message = sentence(TypeError, function, operand, operand, where=[True, False])
    assert message == (
        "`where` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got list: convert it "
        f"with {words(backend, 'from_list', 'where', dtype='')}."
    )


@pytest.mark.parametrize(
    ("given", "code"),
    [("-1", "-1"), (-1.0, "-1"), ([-1], "(-1,)"), ([0, 1], "(0, 1)"), ((0, 1.0), "(0, 1)")],
)
def test_axes_that_are_said_otherwise_are_told_as_ints(given, code):
    q, p = np.asarray([[0.25, 0.75]]), np.asarray([[0.5, 0.5]])
    expected = np.sum(p * np.log(p / q))
    for loss in (kl_div, lambda q, p, **options: KLDivLoss(**options)(q, p)):
        assert sentence(TypeError, loss, np.log(q), p, axis=given, reduction="sum").endswith(
            f"; got {given!r}: pass axis={code}."
        )
        found = loss(np.log(q), p, axis=eval(code), reduction="sum")
        assert found == pytest.approx(expected)


ONE_AXIS = ": reshape the operands so that these axes are one, and pass that"


def test_the_axis_of_logits_is_one():
    for loss in (kl_div_with_logits, lambda *_, axis: KLDivWithLogitsLoss(axis=axis)):
        for given, remedy in (
            (None, ": pass axis=-1, the last one"), ((-1,), ": pass axis=-1"),
            ([-1], ": pass axis=-1"), ((0, 1), ONE_AXIS), ([0, 1], ONE_AXIS),
            ((None,), ": pass axis=-1, the last one"),
        ):  # fmt: skip
            assert sentence(TypeError, loss, np.eye(2), np.eye(2), axis=given) == (
                f"`axis` must be an int, the axis of one distribution; got {given!r}{remedy}."
            )
    assert kl_div_with_logits(np.eye(2), np.eye(2), axis=-1) == 0


STATIC = ": name it in static_argnames where jax.jit traces it."
# Options that are Python's values, one of each, and what they must be.
SWITCH, AXIS = "must be True or False", "must be None, an int or a tuple of ints"
TRACED = {
    "log_target": (True, SWITCH), "log_input": (False, SWITCH), "generalized": (True, SWITCH),
    "axis": (0, AXIS), "axis in a tuple": (0, AXIS),
}  # fmt: skip


@pytest.mark.few(2, 3)
@pytest.mark.parametrize("name", TRACED)
def test_option_that_jit_traces_is_to_be_static(name):
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    operands = jax.numpy.asarray([0.25, 0.75]), jax.numpy.asarray([0.5, 0.5])
    option, (given, must) = name.split()[0], TRACED[name]

    def loss_of(given):
        places = (given,) if "tuple" in name else given
        return kl_div(*operands, reduction="sum", **{option: places})

    with pytest.raises(TypeError) as caught:
        jax.jit(loss_of)(given)
    message = str(caught.value)
    assert message.startswith(f"`{option}` {must}; got ")
    assert message.endswith(STATIC)
    assert "bool(" not in message
    assert jax.jit(loss_of, static_argnames="given")(given=given) == loss_of(given)


def test_switch_of_jax_that_holds_a_value_is_to_be_a_bool():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    row, given = jax.numpy.asarray([0.5, 0.5]), jax.numpy.asarray([True])[0]
    assert sentence(TypeError, kl_div, row, row, log_target=given) == (
        f"`log_target` must be True or False; got {given!r}: pass bool(...) of it."
    )
    found = kl_div(row, row, reduction="sum", log_target=bool(given))
    assert found == kl_div(row, row, reduction="sum", log_target=True)


def test_shapes_of_all_pairs_are_told_as_pairs():
    left, right = np.full((2, 1, 2), 0.5), np.full((1, 2, 2), 0.5)
    with pytest.raises(ValueError, match="for all pairs") as caught:
        kl_div(left, right, reduction="none", log_input=False)
    assert "for all pairs input = numpy.broadcast_to(input, (2, 2, 2)) and" in str(caught.value)
    pairs = (np.broadcast_to(one, (2, 2, 2)) for one in (left, right))
    assert not kl_div(*pairs, reduction="none", log_input=False).any()
