"""Counts that 8 or 16 bits do not hold: of samples, of what a mean is of, and of words."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, cast

from generate.draft import Draft
from generate.groups.rare_draws import LINEAR, LOGITS, SPARSE, call
from generate.linear_draft import LinearDraft
from generate.operands import Values
from generate.sparse_draft import SparseDraft

# A sum of terms t stops at 4096 t at most, where 16 bits hold 11 of a number.
SAMPLES = 8000
# More than the largest number of float16; a mask leaves out the last ones.
MANY, CHOSEN = 70000, 66000
# Both are whole blocks of every power of 2 up to 2048 and 8192, and a part of one.
WORDS, MORE_WORDS, TAIL = 2048 + 52, 8192 + 52, 50
# More than int8 counts; the last that it names is among them.
NAMED, LAST = 130, 127
MASK = {"where": (True,) * CHOSEN + (False,) * (MANY - CHOSEN), "where_shape": (MANY,)}


def drafts() -> Iterator[Draft]:
    """Vectors of many samples and of many words."""
    rng = Random("rare counts")  # noqa: S311 - not for secrets
    for function in ("kl_div", "js_div", LOGITS[1], SPARSE, LINEAR):
        axis = {"axis": -1} if function in {"kl_div", "js_div"} else {}
        for reduction in ("sum", "mean"):
            given = {"reduction": reduction, **axis}
            yield many(function, SAMPLES, ("HalfAccumulator",), rng, **given)
    for function in ("kl_div", LOGITS[0], SPARSE, LINEAR):
        flags = ("HalfAccumulator", "MaskedMean")
        yield many(function, MANY, flags, rng, reduction="mean", **MASK)
    for function in ("kl_div", LOGITS[0]):
        yield many(function, MANY, ("HalfAccumulator",), rng, reduction="mean")
    yield layers(WORDS, rng)
    yield layers(WORDS, rng, beta=0.25)
    yield layers(MORE_WORDS, rng)
    yield narrow(SPARSE, rng)
    yield narrow(SPARSE, rng, reduction="sum", upstream=1.5)
    yield narrow(LINEAR, rng)


def many(function: str, count: int, flags: tuple[str, ...], rng: Random, **options: Any) -> Draft:
    """So many samples of two kinds, in float16."""
    is_flat = function == "kl_div" and "axis" not in options
    masked = ", a mask" if "where" in options else ""
    said = f"{count} samples, {options['reduction']!r}{masked}, in float16"
    shape = (2,) if is_flat else (2, 2)
    draft = call(function, said, (*flags, "HalfPrecision"), rng, shape, dtype="float16", **options)
    of_target = draft.shapes[1]
    repeated: dict[str, Any] = {
        "input": half_each(draft.input, count),
        "target": half_each(draft.target, count),
        "shape": (count, *draft.shapes[0][1:]),
        "target_shape": None if draft.target_shape is None else (count, *of_target[1:]),
    }
    if isinstance(draft, SparseDraft):
        repeated["indices"] = draft.indices[:1] * count
    return replace(draft, **repeated)


def half_each(values: Values, count: int) -> Values:
    """The first of two rows for one half of so many, the second one for the other."""
    width = len(values) // 2
    return values[:width] * (count // 2) + values[width:] * (count // 2)


def layers(size: int, rng: Random, **options: Any) -> Draft:
    """Layers of a student and a teacher, which both find the last words likely."""
    named = "".join(f", {name}={value}" for name, value in options.items())
    said, given = f"two layers of {size} words{named}", {"teacher": "target_weight", **options}
    flags = ("HiddenStates", "ManyElements")
    draft = cast("LinearDraft", call(LINEAR, said, flags, rng, (2, 3), dtype="float32", **given))
    nothing = (0.0, 0.0) * (size - TAIL)
    return replace(
        draft,
        input=(2.0, 1.0),
        shape=(1, 2),
        weight=nothing + (4.0, 0.5, 2.0, -0.5) * (TAIL // 2),
        weight_shape=(size, 2),
        target=(2.0, 0.5),
        target_shape=(1, 2),
        target_weight=nothing + (2.5, 0.25, 4.5, 1.0) * (TAIL // 2),
        target_weight_shape=(size, 2),
    )


def narrow(function: str, rng: Random, **options: Any) -> Draft:
    """Indices of 8 bits in a vocabulary whose words 8 bits do not count."""
    said, given = f"indices of int8, {NAMED} words", {"dtype": "float32", **options}
    if function == LINEAR:
        given |= {"tail": "bucket", "target_is": "log_probabilities"}
    draft = call(function, said, ("SparseTeacher",), rng, (2, NAMED), **given)
    indices = (LAST, 0, 1, LAST - 1)
    target = (-1.0, -2.0, -0.75, -3.0)
    draft = cast("SparseDraft | LinearDraft", draft)
    return replace(draft, indices=indices, indices_dtype="int8", target=target)
