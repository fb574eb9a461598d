"""Calls that must raise rather than return a number."""

import math
from collections.abc import Iterator

from generate.draft import Draft
from generate.groups import invalid_logits, invalid_samples, invalid_teachers
from generate.operands import REDUCTIONS

ABOUT = "What must raise: shapes that differ, dtypes that are not real floats, unknown options."

Shape = tuple[int, ...]

MISMATCHES: tuple[tuple[Shape, Shape], ...] = (
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (2, 1)),
    ((2, 1), (2, 3)),
    ((2, 3), (3, 2)),
    ((6,), (2, 3)),
    ((3,), (4,)),
    ((1,), ()),
    ((), (1,)),
    ((1, 3), (3,)),
    ((0, 3), (3,)),
    ((0,), (1,)),
)
NOT_REAL_FLOATING = ("int8", "int32", "int64", "uint8", "bool", "complex64", "complex128")


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    yield from mismatches()
    yield from wrong_dtypes()
    yield from unknown_reductions()
    yield from wrong_switches()
    yield from wrong_containers()
    yield from invalid_samples.calls()
    yield from invalid_logits.calls()
    yield from invalid_teachers.calls()


def mismatches() -> Iterator[Draft]:
    """Shapes that differ, most of which would broadcast."""
    for number, (left, right) in enumerate(MISMATCHES):
        for reduction in ("none", "batchmean"):
            yield Draft(
                comment=f"Shapes {left} and {right} differ: nothing is broadcast ({reduction!r}).",
                flags=("ShapeMismatch",),
                input=(-1.0,) * math.prod(left),
                target=(0.5,) * math.prod(right),
                shape=left,
                target_shape=right,
                dtype="float32",
                reduction=reduction,
                log_target=number % 3 == 2,  # noqa: PLR2004 - either space, in turn
                raises="ValueError",
            )


def wrong_dtypes() -> Iterator[Draft]:
    """An operand, or both, of a dtype that is not real and floating."""
    for dtype in NOT_REAL_FLOATING:
        for places in (("input",), ("target",), ("input", "target")):
            yield Draft(
                comment=f"{' and '.join(places)} of dtype {dtype}: only real floats are taken.",
                flags=("NotRealFloating",),
                input=(0.0, 1.0),
                target=(1.0, 0.0),
                dtype="float32",
                input_dtype=dtype if "input" in places else None,
                target_dtype=dtype if "target" in places else None,
                reduction="sum",
                raises="TypeError",
            )


def unknown_reductions() -> Iterator[Draft]:
    """Anything but the four names."""
    for reduction in ("avg", "", "Mean", "batch_mean", "elementwise_mean", None, 1):
        yield call(
            f"reduction={reduction!r} is none of {', '.join(REDUCTIONS)}.",
            "UnknownReduction",
            "ValueError",
            reduction=reduction,
        )
    yield call(
        "An unknown reduction raises even if a legacy argument overrides it.",
        "UnknownReduction",
        "ValueError",
        reduction="avg",
        legacy=(True, None),
    )


def wrong_switches() -> Iterator[Draft]:
    """Flags that are not bool."""
    for value in (0, 1, "False", "sum", None):
        yield call(
            f"log_target={value!r} is not a bool.", "NotABool", "TypeError", log_target=value
        )
    for value in (0, 1, "sum", "none"):
        for legacy in ((value, None), (None, value)):
            name = "reduce" if legacy[0] is None else "size_average"
            yield call(f"{name}={value!r} is not a bool.", "NotABool", "TypeError", legacy=legacy)


def wrong_containers() -> Iterator[Draft]:
    """Operands that are not arrays."""
    for container in ("list", "scalar"):
        for place in ("input", "target"):
            yield call(
                f"{place} is a plain Python {'list' if container == 'list' else 'float'}.",
                "NotAnArray",
                "TypeError",
                shape=() if container == "scalar" else (2,),
                **{f"{place}_container": container},
            )


def call(
    comment: str,
    flag: str,
    raises: str,
    *,
    reduction: object = "sum",
    log_target: object = False,
    legacy: tuple[object, object] | None = None,
    shape: Shape = (2,),
    input_container: str | None = None,
    target_container: str | None = None,
) -> Draft:
    """Vector whose arrays are fine."""
    return Draft(
        comment=comment,
        flags=(flag,),
        input=(-1.0, -0.5)[: math.prod(shape)],
        target=(0.25, 0.75)[: math.prod(shape)],
        shape=shape,
        dtype="float32",
        reduction=reduction,
        log_target=log_target,
        legacy=legacy,
        raises=raises,
        input_container=input_container,
        target_container=target_container,
    )
