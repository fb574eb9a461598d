"""Every pair of values of two options of a function stands in a call that has both."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any

from mpmath import mp

from generate.covering import Choice, Table, covering
from generate.draft import Draft
from generate.groups.forms import in_space
from generate.linear_draft import LinearDraft
from generate.logits_draft import LogitsDraft
from generate.operands import REDUCTIONS, Values, all_near, reduction_flags, softmax, uniform
from generate.sparse_draft import SparseDraft
from generate.tables_draft import TablesDraft

ABOUT = "Every pair of values of two options of a function, in a call that has both of them."
FLAG = "OptionPair"
Shape = tuple[int, ...]
SHAPE, PLACES, WIDTH, OTHER = (2, 3, 4), (2, 0), 3, 2
DTYPES = {
    **{dtype: (dtype, dtype) for dtype in ("float16", "bfloat16", "float32", "float64")},
    "mixed": ("float64", "float32"),
}
RESULTS = {"float16": "float32", "bfloat16": "float32", "float32": "float64", "float64": "float32"}
KINDS, TAILS = ("logits", "probabilities", "log_probabilities"), ("bucket", "zero", "renormalize")
SWITCH, BETAS = (True, False), (0.0, 0.5, 0.3, 1.0)

COMMON: Table = {
    "reduction": REDUCTIONS,
    "where": SWITCH,
    "operands": tuple(DTYPES),
    "dtype": SWITCH,
    "gradient": SWITCH,
}
ANY_AXES: Table = {"axis": (None, -1, 1, (0, 2)), "log_input": SWITCH, "log_target": SWITCH}
HEAT: Table = {"temperature": (1.0, 3.0), "scale": SWITCH, "target_is": KINDS}
TABLES: dict[str, Table] = {
    "kl_div": {**COMMON, **ANY_AXES, "generalized": SWITCH},
    "js_div": {**COMMON, **ANY_AXES, "beta": BETAS},
    "kl_div_with_logits": {**COMMON, **HEAT, "axis": (-1, 1)},
    "js_div_with_logits": {**COMMON, **HEAT, "axis": (-1, 1), "beta": BETAS},
    "sparse_kl_div_with_logits": {**COMMON, **HEAT, "axis": (-1, 1), "tail": TAILS},
    "linear_kl_div": {
        **COMMON,
        **HEAT,
        "beta": BETAS,
        "bias": SWITCH,
        "teacher": ("target", "target_weight", "target_bias"),
        "tail": (None, *TAILS),
    },
}


def drafts() -> Iterator[Draft]:
    """Every vector of the group."""
    for function, table in TABLES.items():
        rng = Random(f"pairs of options of {function}")  # noqa: S311 - not for secrets
        for choice in covering(table, excluded, rng):
            yield draft(function, choice, rng)


def excluded(choice: Choice) -> bool:
    """Whether two options do not go together."""
    has_layer = choice.get("teacher", "target") != "target"
    has_indices = choice.get("tail") is not None
    of_others = choice.get("target_is", "logits") != "logits"
    with_teacher = has_indices and (has_layer or choice.get("beta", 0.0) != 0)
    needs_bucket = choice.get("tail") in {"bucket", "zero"}
    of_logits = needs_bucket and choice.get("target_is") == "logits"
    return with_teacher or of_logits or (has_layer and of_others)


def draft(
    function: str, choice: Choice, rng: Random, shape: Shape = SHAPE, flag: str = FLAG
) -> Draft:
    """Vector of a choice of options."""
    given = dict(choice)
    has_mask, has_dtype, is_gradient = (given.pop(it) for it in ("where", "dtype", "gradient"))
    dtype, target_dtype = DTYPES[str(given.pop("operands"))]
    if dtype != target_dtype:
        given["target_dtype"] = target_dtype
    said = ", ".join(f"{name}={value!r}" for name, value in choice.items())
    return DRAWN.get(function, of_logits)(
        rng,
        function,
        given
        | (mask(function, choice, shape) if has_mask else {})
        | {
            "comment": f"{function}: {said}.",
            "flags": (flag, *reduction_flags(str(choice["reduction"]))),
            "dtype": dtype,
            "result_dtype": RESULTS[dtype] if has_dtype else None,
            "upstream": 1.5 if is_gradient else None,
            "shape": shape,
        },
    )


def mask(function: str, choice: Choice, shape: Shape) -> dict[str, Any]:
    """Mask of elements of tables, and of samples everywhere else."""
    if function in {"kl_div", "js_div"}:
        return {"where": tuple(place % 5 != 1 for place in range(math.prod(shape)))}
    axis = int(str(choice.get("axis", -1))) % len(shape)
    shape = tuple(1 if place == axis else size for place, size in enumerate(shape))
    return {
        "where": tuple(place % 4 != 1 for place in range(math.prod(shape))),
        "where_shape": shape,
    }


def table(rng: Random, shape: Shape, kind: object, dtype: str, classes: int) -> Values:
    """Logits, probabilities or their logarithms; those of a few words need not add up to 1."""
    count = math.prod(shape)
    if kind == "logits":
        return uniform(rng, count, -3.0, 3.0, dtype)
    found = [one * shape[-1] / classes for one in softmax(rng, count // shape[-1], shape[-1])]
    return all_near(found if kind == "probabilities" else [mp.log(one) for one in found], dtype)


def of_tables(rng: Random, function: str, given: dict[str, Any]) -> Draft:
    """Vector of two tables."""
    narrow = given.get("target_dtype", given["dtype"])
    *samples, classes = given["shape"]
    q, p = (softmax(rng, math.prod(samples), classes) for _ in range(2))
    operands = {
        "input": in_space(q, given["dtype"], log=given["log_input"]),
        "target": in_space(p, narrow, log=given["log_target"]),
    }
    return (Draft if function == "kl_div" else TablesDraft)(**operands, **given)


def of_logits(rng: Random, function: str, given: dict[str, Any]) -> Draft:
    """Vector of logits."""
    narrow, shape = given.get("target_dtype", given["dtype"]), given["shape"]
    return LogitsDraft(
        function=function,
        input=table(rng, shape, "logits", given["dtype"], shape[-1]),
        target=table(rng, shape, given["target_is"], narrow, shape[-1]),
        **given,
    )


def of_teachers(rng: Random, function: str, given: dict[str, Any]) -> Draft:
    """Vector of a sparse teacher."""
    narrow, whole = given.get("target_dtype", given["dtype"]), given["shape"]
    axis = given["axis"] % len(whole)
    places = PLACES if whole[axis] > max(PLACES) else (0,)
    shape = tuple(len(places) if place == axis else size for place, size in enumerate(whole))
    inner = math.prod(shape[axis + 1 :])
    return SparseDraft(
        input=table(rng, whole, "logits", given["dtype"], whole[-1]),
        target=table(rng, shape, given["target_is"], narrow, whole[-1]),
        target_shape=shape,
        indices=tuple(places[one // inner % len(places)] for one in range(math.prod(shape))),
        **given,
    )


def of_states(rng: Random, function: str, given: dict[str, Any]) -> Draft:
    """Vector of hidden states."""
    given = dict(given)
    dtype, tail, teacher = given["dtype"], given.pop("tail"), given.pop("teacher")
    narrow, (*samples, words) = given.get("target_dtype", dtype), given["shape"]
    places, count = PLACES if words > max(PLACES) else (0,), math.prod(samples)
    size = {"target": words if tail is None else len(places)}.get(teacher, OTHER)
    if given.pop("bias"):
        given["bias"] = uniform(rng, words, -1.0, 1.0, dtype)
    if teacher != "target":
        given["target_weight"] = uniform(rng, words * OTHER, -1.5, 1.5, dtype)
        given["target_weight_shape"] = (words, OTHER)
    if teacher == "target_bias":
        given["target_bias"] = uniform(rng, words, -1.0, 1.0, dtype)
    if tail is not None:
        given |= {"tail": tail, "indices": places * count}
    return LinearDraft(
        input=uniform(rng, count * WIDTH, -2.0, 2.0, dtype),
        weight=uniform(rng, words * WIDTH, -1.5, 1.5, dtype),
        weight_shape=(words, WIDTH),
        target=table(rng, (*samples, size), given["target_is"], narrow, words),
        target_shape=(*samples, size),
        **given | {"shape": (*samples, WIDTH)},
    )


DRAWN = {
    "kl_div": of_tables,
    "js_div": of_tables,
    "sparse_kl_div_with_logits": of_teachers,
    "linear_kl_div": of_states,
}
