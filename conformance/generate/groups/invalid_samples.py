"""Axes and masks that must raise."""

import math
from collections.abc import Iterator
from typing import Any

from generate.draft import Draft

SHAPE = (2, 3)
WRONG_AXES: tuple[tuple[object, str], ...] = (
    (2, "ValueError"),
    (-3, "ValueError"),
    ((0, 2), "ValueError"),
    ((1, 1), "ValueError"),
    ((-1, 1), "ValueError"),
    (True, "TypeError"),
    ((0, False), "TypeError"),
    (1.0, "TypeError"),
    ("1", "TypeError"),
)
WRONG_MASKS: tuple[tuple[tuple[int, ...], object], ...] = (
    ((3,), None),
    ((6,), None),
    ((), None),
    ((2, 1), None),
    ((3, 2), None),
    ((1, 3), 1),
    ((3,), 1),
    ((1, 1), 1),
)
WRONG_MASK_DTYPES = ("int64", "uint8", "float32")


def calls() -> Iterator[Draft]:
    """All such vectors."""
    for axis, error in WRONG_AXES:
        yield call(f"axis={axis!r} of operands with two axes.", "InvalidAxis", error, axis=axis)
    yield call("An axis of operands that have none.", "InvalidAxis", "ValueError", axis=0, shape=())
    for shape, axis in WRONG_MASKS:
        yield call(
            f"A mask of shape {shape} for operands of shape {SHAPE}, axis={axis}.",
            "InvalidMask",
            "ValueError",
            axis=axis,
            where=(True,) * math.prod(shape),
            where_shape=shape,
        )
    for dtype in WRONG_MASK_DTYPES:
        yield call(
            f"A mask of {dtype}: only bools select.",
            "InvalidMask",
            "TypeError",
            where=(True, False, True, True, False, True),
            where_dtype=dtype,
        )
    yield call(
        "A mask that is a plain Python list.",
        "NotAnArray",
        "TypeError",
        where=(True, False, True, True, False, True),
        where_container="list",
    )


def call(
    comment: str, flag: str, raises: str, *, shape: tuple[int, ...] = SHAPE, **options: Any
) -> Draft:
    """Vector whose operands are fine."""
    return Draft(
        comment=comment,
        flags=(flag,),
        input=(-1.0, -0.5, -2.0, -1.0, -0.5, -2.0)[: math.prod(shape)],
        target=(0.25, 0.5, 0.25, 0.25, 0.5, 0.25)[: math.prod(shape)],
        shape=shape,
        dtype="float32",
        reduction="sum",
        raises=raises,
        **options,
    )
