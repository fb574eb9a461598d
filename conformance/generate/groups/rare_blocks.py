"""Sizes that are multiples of a block, both axes longer than one, and many classes of 16 bits."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, cast

from mpmath import mp

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, TABLES
from generate.groups.rare_draws import call as call_of
from generate.groups.rare_rows import BLOCK, teachers
from generate.linear_draft import LinearDraft
from generate.operands import Values, all_near, near, softmax

# 1024 is a multiple of every block; 1088 and 1344 are none of 128. So many are short texts.
LONG, SHORT, ODD = (2, 1024), (17, 64), (7, 192)
WIDTH, RUNS, NAMED = 3, 16, 64
GRADIENT = {"reduction": "sum", "upstream": 1.5}
call = partial(call_of, dtype="float32")


def drafts() -> Iterator[Draft]:
    """Vectors of whole blocks."""
    rng = Random("rare blocks")  # noqa: S311 - not for secrets
    for function in (*TABLES, *LOGITS):
        axis = {"axis": -1} if function in TABLES else {}
        yield classes(function, rng, LONG, **axis)
        yield classes(function, rng, LONG, **GRADIENT)
        yield classes(function, rng, SHORT, reduction="mean", dtype="float64")
        yield classes(function, rng, ODD, reduction="batchmean")
        yield classes(function, rng, SHORT, **GRADIENT)
    yield classes("kl_div", rng, LONG, reduction="sum", log_target=True)
    yield classes("kl_div", rng, SHORT)
    yield from of_teachers(rng)
    yield from of_layers(rng)


def classes(function: str, rng: Random, shape: tuple[int, int], **options: Any) -> Draft:
    """Vector of a table or of logits whose classes are alike in runs."""
    draft = call(function, f"shape {shape}", (BLOCK,), rng, shape, **options)
    return filled(draft, rng, shape, logits=function in LOGITS)


def filled(draft: Draft, rng: Random, shape: tuple[int, int], *, logits: bool) -> Draft:
    """The same with numbers that are alike in runs, and rows that are alike but for two."""
    kinds = {"input": draft.log_input, "target": draft.log_target}
    return replace(
        draft,
        **{
            name: each_near(alike(rng, shape, None if logits else bool(log)), draft.dtype)
            for name, log in kinds.items()
        },
    )


def each_near(values: list[Any], dtype: str) -> Values:
    """The nearest numbers of the dtype; those that are alike are rounded once."""
    known = {one: near(one, dtype) for one in set(values)}
    return tuple(known[one] for one in values)


def alike(rng: Random, shape: tuple[int, int], log: bool | None) -> list[Any]:
    """Logits, if `log` is None, probabilities or their logarithms, by rows."""
    count, width = shape
    first, usual, last = (row(rng, width, log) for _ in range(3))
    return [*first, *usual * (count - 2), *last] if count > 1 else first


def row(rng: Random, width: int, log: bool | None) -> list[Any]:
    """One number for each 16 classes or, of many, for more."""
    few: list[Any] = eighths(rng, RUNS) if log is None else softmax(rng, 1, RUNS)
    if log is not None:
        few = [one / run_of(width) for one in few]
        few = [mp.log(one) for one in few] if log else few
    return spread(few, width)


def spread(few: list[Any], width: int) -> list[Any]:
    """A row in which each of a few numbers stands as often as there is room for."""
    return [one for one in few for _ in range(run_of(width))][:width]


def run_of(width: int) -> int:
    """How often a number stands in a row."""
    return max(RUNS, width // RUNS)


def eighths(rng: Random, count: int) -> list[float]:
    """Numbers of few bits between -3 and 3."""
    return [rng.randrange(-24, 25) / 8 for _ in range(count)]


def of_teachers(rng: Random) -> Iterator[Draft]:
    """Teachers that name 64 words of 1024, 64 of 192, and 32 of 64."""
    for known, (count, words), options in (
        (NAMED, LONG, {"dtype": "float32"}),
        (NAMED, LONG, {"tail": "renormalize", "dtype": "float32", **GRADIENT}),
        (NAMED, (2, 192), {"target_is": "probabilities", "reduction": "mean"}),
        (NAMED // 2, (2, NAMED), {"tail": "zero", **GRADIENT}),
    ):
        logits = tuple(alike(rng, (count, words), None))
        rows: list[Values] = [tuple(softmax(rng, 1, words)[:known]) for _ in range(count)]
        said = f"{known} entries of {words}"
        yield teachers(said, (BLOCK,), rng, rows, words, input=logits, **options)


def of_layers(rng: Random) -> Iterator[Draft]:
    """Layers of 64 and of 1024 words."""
    for shape, options in ((SHORT, {}), (SHORT, GRADIENT), (LONG, {}), (LONG, GRADIENT)):
        yield layer(rng, shape, **options)


def layer(rng: Random, shape: tuple[int, int], **options: Any) -> Draft:
    """Vector of hidden states whose layer and teacher are alike in runs."""
    said, flags = f"{shape[0]} rows, {shape[1]} words", ("HiddenStates", BLOCK)
    draft = cast("LinearDraft", call(LINEAR, said, flags, rng, shape, **options))
    few = [tuple(eighths(rng, WIDTH)) for _ in range(RUNS)]
    weight = tuple(one for part in spread(few, shape[1]) for one in part)
    target = all_near(alike(rng, shape, None), draft.dtypes[1])
    return replace(draft, weight=weight, target=target)
