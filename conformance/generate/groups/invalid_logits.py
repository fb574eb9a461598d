"""Calls of the divergences from logits that must raise."""

import math
from collections.abc import Iterator
from typing import Any

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL
from generate.logits_draft import LogitsDraft

INF, NAN = math.inf, math.nan
SHAPE = (2, 3)
WRONG_TEMPERATURES = (
    (0.0, "ValueError"),
    (-0.0, "ValueError"),
    (-1.0, "ValueError"),
    (NAN, "ValueError"),
    (INF, "ValueError"),
    (True, "TypeError"),
    (None, "TypeError"),
)
WRONG_BETAS = (
    (-0.125, "ValueError"),
    (1.5, "ValueError"),
    (NAN, "ValueError"),
    (-INF, "ValueError"),
    (False, "TypeError"),
    (None, "TypeError"),
)
WRONG_AXES: tuple[tuple[object, str], ...] = (
    (2, "ValueError"),
    (-3, "ValueError"),
    ((0, 1), "TypeError"),
    (True, "TypeError"),
    (1.0, "TypeError"),
    ("1", "TypeError"),
)
WRONG_MASKS: tuple[tuple[int, ...], ...] = ((2, 3), (3,), (1, 3), (1, 1), ())


def calls() -> Iterator[Draft]:
    """All such vectors."""
    for function in (KL, JS):
        yield from wrong_numbers(function)
        yield from wrong_axes(function)
        yield from wrong_masks(function)
        yield from wrong_operands(function)
    for kind in ("probs", "Logits", "", None, 1):
        yield call(f"target_is={kind!r} is no kind.", "UnknownTarget", "ValueError", target_is=kind)


def wrong_numbers(function: str) -> Iterator[Draft]:
    """Temperatures, weights and switches."""
    for value, error in WRONG_TEMPERATURES:
        comment = f"{function} with temperature={value!r}."
        yield call(comment, "InvalidTemperature", error, function=function, temperature=value)
    for value, error in WRONG_BETAS if function == JS else ():
        comment = f"{function} with beta={value!r}."
        yield call(comment, "InvalidWeight", error, function=function, beta=value)
    for value in (1, 0, None, "sum"):
        comment = f"{function} with scale_by_temperature_squared={value!r}."
        yield call(comment, "NotABool", "TypeError", function=function, scale=value)
    yield call(
        f"{function} with reduction='avg'.",
        "UnknownReduction",
        "ValueError",
        function=function,
        reduction="avg",
    )


def wrong_axes(function: str) -> Iterator[Draft]:
    """Axes that do not exist, and what is no axis."""
    for axis, error in WRONG_AXES:
        comment = f"{function} along axis={axis!r} of operands with two axes."
        yield call(comment, "InvalidAxis", error, function=function, axis=axis)
    comment = f"{function} of operands that have no axis."
    yield call(comment, "InvalidAxis", "ValueError", function=function, shape=())


def wrong_masks(function: str) -> Iterator[Draft]:
    """Masks of another shape than one element a sample, or of another dtype."""
    for shape in WRONG_MASKS:
        yield call(
            f"{function} with a mask of shape {shape}: samples are selected by (2, 1).",
            "InvalidMask",
            "ValueError",
            function=function,
            where=(True,) * math.prod(shape),
            where_shape=shape,
        )
    for dtype in ("int64", "float32"):
        yield call(
            f"{function} with a mask of {dtype}: only bools select.",
            "InvalidMask",
            "TypeError",
            function=function,
            where=(True, False),
            where_shape=(2, 1),
            where_dtype=dtype,
        )


def wrong_operands(function: str) -> Iterator[Draft]:
    """Shapes that differ, integers, and lists."""
    yield call(
        f"{function} of shapes (2, 3) and (1, 3): nothing is broadcast.",
        "ShapeMismatch",
        "ValueError",
        function=function,
        target=(1.0, 0.0, 0.5),
        target_shape=(1, 3),
    )
    for side in ("input", "target"):
        comment = f"{function}: {side} of integers."
        wrong = {f"{side}_dtype": "int64", side: (0.0, 1.0, 2.0, 2.0, 1.0, 0.0)}
        yield call(comment, "NotRealFloating", "TypeError", function=function, **wrong)
        comment = f"{function}: {side} is a plain Python list."
        wrong = {f"{side}_container": "list"}
        yield call(comment, "NotAnArray", "TypeError", function=function, **wrong)


def call(
    comment: str, flag: str, raises: str, *, shape: tuple[int, ...] = SHAPE, **options: Any
) -> Draft:
    """Vector whose operands are fine unless it has its own."""
    fine = {
        "input": (0.5, -1.0, 2.0, 1.0, 0.0, -0.5)[: math.prod(shape)],
        "target": (1.0, 0.0, 0.5, -1.0, 2.0, 0.25)[: math.prod(shape)],
    }
    return LogitsDraft(
        comment=comment,
        flags=(flag,),
        shape=shape,
        dtype="float32",
        raises=raises,
        **fine | options,
    )
