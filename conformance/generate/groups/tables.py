"""The Jensen-Shannon divergence of two tables: their spaces, weights, zeros, masks, gradients."""

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

from mpmath import mp, mpf

from generate.groups import batches, first_axis
from generate.groups.batch_cases import WEIGHTED
from generate.groups.forms import in_space
from generate.operands import BOTH, HALF, REDUCTIONS, reduction_flags, softmax
from generate.tables_draft import TablesDraft

ABOUT = "js_div: the Jensen-Shannon divergence of two tables of probabilities or their logarithms."
SPACES = tuple(product((True, False), repeat=2))
TABLES, GRADIENT = "MixtureOfTables", "MixtureOfTablesGradient"
ROWS, SIZE = 3, 4


def drafts() -> Iterator[TablesDraft]:
    """Every vector of the group."""
    rng = Random("tables")  # noqa: S311 - not for secrets
    for space in SPACES:
        yield from of_space(rng, space)
        yield from zeros(rng, space)
        yield from gradients(rng, space)
    yield from arranged(rng)
    yield from special(rng)
    yield from batches.of_tables()
    yield from batches.of_tables(WEIGHTED)
    yield from first_axis.of_tables()


def draft(
    comment: str,
    rng: Random,
    space: tuple[bool, bool],
    *flags: str,
    tables: tuple[list[mpf], list[mpf]] | None = None,
    **options: Any,
) -> TablesDraft:
    """Vector on two tables, random ones unless they are given."""
    dtype = options.get("dtype", "float64")
    q, p = tables or (softmax(rng, ROWS, SIZE), softmax(rng, ROWS, SIZE))
    log_input, log_target = space
    named = () if options.get("upstream") is None else (GRADIENT,)
    of_weight = (TABLES, *named, *flags)
    shape = {"shape": (ROWS, SIZE)} if tables is None else {}
    return TablesDraft(
        comment=comment,
        flags=of_weight,
        input=in_space(q, dtype, log=log_input),
        target=in_space(p, dtype, log=log_target),
        log_input=log_input,
        log_target=log_target,
        **shape | options,
    )


def words(space: tuple[bool, bool]) -> str:
    """The options of the two spaces."""
    return f"log_input={space[0]}, log_target={space[1]}"


def of_space(rng: Random, space: tuple[bool, bool]) -> Iterator[TablesDraft]:
    """Dtypes, reductions and weights."""
    said = words(space)
    for dtype in (*BOTH, *HALF):
        half = ("HalfPrecision",) if dtype in HALF else ()
        yield draft(f"Every sample, {said}.", rng, space, *half, dtype=dtype, reduction="none")
    for reduction in REDUCTIONS[1:]:
        flags = reduction_flags(reduction)
        yield draft(f"{reduction!r}, {said}.", rng, space, *flags, reduction=reduction)
    for beta, dtype in ((0.0, "float64"), (0.3, "float64"), (0.9, "float32"), (1.0, "float64")):
        comment = f"beta={beta}, {said}."
        yield draft(comment, rng, space, beta=beta, dtype=dtype, reduction="none")


def zeros(rng: Random, space: tuple[bool, bool]) -> Iterator[TablesDraft]:
    """Probabilities of 0 on either side, on both, and tables that share nothing."""
    none, some, one = mpf(0), mpf("0.25"), mpf(1)
    q, p = [none, some, none, mpf("0.75"), none, one], [some, none, none, mpf("0.75"), one, none]
    options: dict[str, Any] = {"shape": (6,), "tables": (q, p), "axis": None, "reduction": "none"}
    for beta, dtype in ((0.5, "float64"), (0.25, "float32")):
        comment = f"Probabilities of 0, beta={beta}, {words(space)}."
        yield draft(comment, rng, space, "ZeroTarget", beta=beta, dtype=dtype, **options)
    comment = f"Gradient at probabilities of 0, {words(space)}."
    options |= {"upstream": 1.0, "reduction": "sum"}
    yield draft(comment, rng, space, "ZeroTarget", **options)


def gradients(rng: Random, space: tuple[bool, bool]) -> Iterator[TablesDraft]:
    """Derivatives by both tables, of every weight."""
    for beta, dtype in ((0.0, "float64"), (0.3, "float64"), (0.5, "float32"), (1.0, "float64")):
        options: dict[str, Any] = {"beta": beta, "dtype": dtype, "upstream": 1.0}
        yield draft(f"Gradient, beta={beta}, {words(space)}.", rng, space, **options)
    comment = f"Gradient of the mean of samples, {words(space)}."
    yield draft(comment, rng, space, "Upstream", reduction="mean", upstream=-1.5, beta=0.3)


def arranged(rng: Random) -> Iterator[TablesDraft]:
    """Axes and masks."""
    space = True, False
    for axis in (0, 1, (0, 1), None):
        yield draft(f"Samples by axis={axis}.", rng, space, axis=axis, reduction="none")
    for reduction in REDUCTIONS:
        for where in ((True, False, True), (False, False, False)):
            flags = () if any(where) else ("NothingSelected",)
            drawn = softmax(rng, ROWS, SIZE), softmax(rng, ROWS, SIZE)
            for table in drawn:
                table[SIZE : 2 * SIZE] = [mpf(7)] * SIZE
            yield draft(
                f"{reduction!r}: {sum(where)} of 3 samples are selected.",
                rng,
                space,
                "MaskedGarbage",
                *flags,
                tables=drawn,
                shape=(ROWS, SIZE),
                where=where,
                where_shape=(ROWS, 1),
                reduction=reduction,
            )


def special(rng: Random) -> Iterator[TablesDraft]:
    """Entries that are no probabilities, NaN, and tables that do not add up to 1."""
    alone: dict[str, Any] = {"shape": (1,), "axis": None, "reduction": "none"}
    for dtype in BOTH:
        for place, (q, p) in enumerate(((mp.nan, mpf("0.5")), (mpf("0.5"), mp.nan))):
            comment = f"NaN as {('input', 'target')[place]}."
            pair = [q], [p]
            yield draft(
                comment, rng, (False, False), "MissingValue", tables=pair, dtype=dtype, **alone
            )
    for beta in (0.0, 0.5, 1.0):
        masses = [mpf("0.001"), mpf("5.5"), mpf("0.4")], [mpf("3.5"), mpf("0.02"), mpf("0.1")]
        for space in SPACES[1:3]:
            yield draft(
                f"Masses that are far apart, beta={beta}, {words(space)}.",
                rng,
                space,
                "Unnormalised",
                tables=masses,
                shape=(3,),
                axis=None,
                beta=beta,
                reduction="none",
            )
    equal = softmax(rng, ROWS, SIZE)
    for space in ((True, True), (False, False)):
        comment = f"Equal tables, {words(space)}."
        tables = equal, equal
        yield draft(comment, rng, space, tables=tables, shape=(ROWS, SIZE), reduction="none")
