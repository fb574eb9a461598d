"""Operands of kinds that are met less often, in every function: empty ones, one class, few axes."""

from collections.abc import Iterator
from random import Random

from generate.covering import Choice, Table, covering
from generate.draft import Draft
from generate.groups.option_pairs import KINDS, SWITCH, Shape, draft
from generate.operands import REDUCTIONS

ABOUT = "Operands without samples, of one class, of one axis and of five, and of two dtypes."
FLAG = "KindOfOperand"
SECOND = -2
SHAPES: dict[str, Shape] = {
    "one axis": (4,),
    "one class": (3, 1),
    "no samples": (0, 4),
    "five axes": (2, 1, 2, 1, 3),
}
COMMON: Table = {
    "kind": tuple(SHAPES),
    "reduction": REDUCTIONS,
    "where": SWITCH,
    "operands": ("float32", "mixed"),
    "dtype": (False,),
    "gradient": SWITCH,
}
HEAT: Table = {"temperature": (1.0, 3.0), "scale": (True,), "target_is": KINDS}
TABLES: dict[str, Table] = {
    "kl_div": {
        **COMMON,
        "axis": (None, -1, SECOND),
        "dtype": SWITCH,
        "log_input": SWITCH,
        "log_target": SWITCH,
        "generalized": SWITCH,
    },
    "js_div": {**COMMON, "axis": (-1, SECOND), "log_input": SWITCH, "log_target": SWITCH},
    "kl_div_with_logits": {**COMMON, **HEAT, "axis": (-1, SECOND)},
    "js_div_with_logits": {**COMMON, **HEAT, "axis": (-1, SECOND), "beta": (0.5, 0.3)},
    "sparse_kl_div_with_logits": {
        **COMMON,
        **HEAT,
        "target_is": KINDS[1:],
        "axis": (-1, SECOND),
        "tail": ("bucket", "zero"),
    },
    "linear_kl_div": {
        **COMMON,
        **HEAT,
        "beta": (0.0, 0.3),
        "bias": SWITCH,
        "teacher": ("target", "target_weight"),
        "tail": (None,),
    },
}


def drafts() -> Iterator[Draft]:
    """Every vector of the group."""
    for function, table in TABLES.items():
        rng = Random(f"kinds of operands of {function}")  # noqa: S311 - not for secrets
        for choice in covering(table, excluded, rng):
            shape = SHAPES[str(choice.pop("kind"))]
            yield draft(function, choice, rng, shape, FLAG)


def excluded(choice: Choice) -> bool:
    """Whether two options do not go together."""
    has_layer = choice.get("teacher", "target") != "target"
    of_others = choice.get("target_is", "logits") != "logits"
    # Of one axis it is none, and of no samples the classes are none.
    has_none = choice.get("kind") in {"one axis", "no samples"}
    is_none = choice.get("axis") == SECOND and has_none
    return is_none or (has_layer and of_others)
