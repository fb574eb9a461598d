"""Calls that tests tend to leave out: what is right alone may be forgotten in them."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups import (
    rare_axes,
    rare_between,
    rare_blocks,
    rare_cotangents,
    rare_counts,
    rare_derivatives,
    rare_dtypes,
    rare_extreme,
    rare_forbidden,
    rare_halves,
    rare_left,
    rare_many,
    rare_masks,
    rare_numbers,
    rare_rows,
    rare_selected,
    rare_special,
    rare_tiles,
    rare_tiny,
    rare_triples,
)
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, call, of_its_own
from generate.groups.rare_masks import CUBE, SAMPLES, SQUARE

ABOUT = (
    "Calls that tests tend to leave out: masks along any axis, rows longer than a block, rare "
    "entries, NaN and large logits in every function, old arguments beside new ones."
)
BOX, KEPT = (2, 3, 4), (0, 2)
WHERE = tuple(place % 5 != 1 for place in range(24))
HOT = {"temperature": 3.0, "scale": True, "axis": 0}


def drafts() -> Iterator[Draft]:
    """Every vector of the group."""
    yield from rare_masks.drafts()
    yield from rare_rows.drafts()
    rng = Random("rare calls")  # noqa: S311 - not for secrets
    yield from missing(rng)
    yield from legacy(rng)
    yield from heated(rng)
    yield from layers(rng)
    yield from upstreams(rng)
    yield from rare_axes.drafts()
    yield from rare_dtypes.drafts()
    yield from rare_numbers.drafts()
    yield from rare_blocks.drafts()
    yield from rare_forbidden.drafts()
    yield from rare_tiles.drafts()
    yield from rare_halves.drafts()
    yield from rare_left.drafts()
    yield from rare_between.drafts()
    yield from rare_special.drafts()
    yield from rare_counts.drafts()
    yield from rare_many.drafts()
    yield from rare_selected.drafts()
    yield from rare_extreme.drafts()
    yield from rare_tiny.drafts()
    yield from rare_derivatives.drafts()
    yield from rare_cotangents.drafts()
    yield from rare_triples.drafts()


def missing(rng: Random) -> Iterator[Draft]:
    """NaN in the logits of a student, in one sample, and of all of them; an infinite state."""
    for function in (*LOGITS, SPARSE, LINEAR):
        for reduction in ("none", "sum"):
            said = f"NaN in the first sample of the student, {reduction!r}"
            draft = call(function, said, ("MissingValue",), rng, (2, 4), reduction=reduction)
            yield replace(draft, input=(math.nan, *draft.input[1:]))
    draft = call(LINEAR, "an infinite hidden state", ("HiddenStates",), rng, (2, 4))
    yield replace(draft, input=(math.inf, *draft.input[1:]))


def legacy(rng: Random) -> Iterator[Draft]:
    """Arguments of old beside those that torch does not have."""
    every: tuple[tuple[tuple[bool | None, bool | None], dict[str, Any]], ...] = (
        ((False, None), {"axis": -1}),
        ((None, False), {"axis": (0, 2)}),
        ((False, None), {"where": WHERE}),
        ((None, False), {"where": WHERE}),
        ((True, None), {"axis": 1, "where": WHERE, "reduction": "sum"}),
        ((False, None), {"generalized": True}),
        ((None, False), {"log_input": False}),
        ((False, None), {"result_dtype": "float32"}),
        ((None, False), {"axis": -1, "log_target": True}),
        ((False, None), {"axis": -1, "upstream": 1.5}),
    )
    for old, options in every:
        named = ", ".join("a mask" if it == "where" else f"{it}={options[it]}" for it in options)
        said = f"size_average={old[0]}, reduce={old[1]}, {named}"
        given = {"reduction": "batchmean", **options, "legacy": old}
        draft = call("kl_div", said, (), rng, BOX, **given)
        yield replace(draft, flags=("LegacyArguments",))  # which reduction counts is the question


def heated(rng: Random) -> Iterator[Draft]:
    """Temperatures of distributions along the first axis."""
    for function in (*LOGITS, SPARSE):
        said, flags = "T = 3, squared, along axis 0", ("Temperature", "NamedAxes")
        yield call(function, said, flags, rng, (4, 3), **HOT)
        flags = ("TemperatureGradient", "NamedAxes")
        yield call(function, said, flags, rng, (4, 3), reduction="sum", upstream=1.5, **HOT)


def layers(rng: Random) -> Iterator[Draft]:
    """A bias of the student alone, and means of nothing."""
    for dtype in ("float32", "float64"):
        said, given = "a bias of the student alone", {"bias": True, "teacher": "target_weight"}
        yield call(LINEAR, said, ("HiddenStates",), rng, (3, 5), dtype=dtype, **given)
    for reduction in ("mean", "sum"):
        flags, nothing = ("HiddenStates", "NothingSelected"), {"where": (False,) * 3}
        said = f"nothing is selected, {reduction!r}"
        given = {"reduction": reduction, **nothing, "where_shape": (3, 1)}
        yield call(LINEAR, said, flags, rng, (3, 5), **given)


def upstreams(rng: Random) -> Iterator[Draft]:
    """An upstream derivative of each element, beside masks, several axes and log-targets."""
    mask = {"where": SAMPLES, "where_shape": SQUARE}
    for function in ("kl_div", "js_div"):
        of = {"axis": None} if function == "js_div" else {}
        yield own(function, "a mask", "MaskedGradient", rng, BOX, 24, where=WHERE, **of)
        yield own(function, "axes 0 and 2", "NamedAxes", rng, BOX, 3, axis=KEPT)
        given = {"log_target": True, **mask, "axis": 1}
        yield own(function, "a log-target and a mask", "SampleMask", rng, CUBE, 9, **given)
    along = {"log_target": True, "axis": -1}
    yield own("kl_div", "a log-target along the last axis", "LogTarget", rng, (2, 3), 2, **along)
    for function in (*LOGITS, SPARSE):
        said = "a mask along axis 1"
        yield own(function, said, "MaskedGradient", rng, CUBE, 9, axis=1, **mask)
    given = {"where": (True, False, True), "where_shape": (3, 1)}
    yield own(LINEAR, "a mask", "HiddenStatesGradient", rng, (3, 4), 3, **given)


def own(
    function: str,
    said: str,
    flag: str,
    rng: Random,
    shape: tuple[int, ...],
    count: int,
    **options: Any,
) -> Draft:
    """Gradient with an upstream derivative of each element of the loss."""
    said = f"an upstream derivative of each element, {said}"
    flags = ("OwnUpstream", flag)
    return call(function, said, flags, rng, shape, upstream=of_its_own(count), **options)
