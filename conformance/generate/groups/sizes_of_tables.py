"""Tables of more than 1024 probabilities: with q - p, in both spaces, and against their mixture."""

import math
from collections.abc import Iterator
from typing import Any

from generate.draft import Draft
from generate.edges import filled
from generate.groups.sizes_of_logits import FLAG
from generate.tables_draft import TablesDraft

Shape = tuple[int, ...]
# By the operand, and whether it holds logarithms.
AT_EDGES = {
    ("input", True): tuple(-8.0 - 0.5 * number for number in range(9)),
    ("input", False): tuple(2.0**-number for number in range(4, 13)),
    ("target", True): tuple(-0.25 * (1 + number % 3) for number in range(9)),
    ("target", False): tuple(1.0 + 0.125 * (number % 3) for number in range(9)),
}
PROBABILITIES, LOGS, MIXED = (False, False), (True, True), (False, True)


def drafts() -> Iterator[Draft]:
    """Vectors of two tables."""
    yield from forms()
    yield from mixtures()


def operands(shape: Shape, logs: tuple[bool, bool]) -> dict[str, Any]:
    """Two tables, tiny but at the edges, and their spaces."""
    size = math.prod(shape)
    usual = -10.0 - math.ceil(math.log2(size))
    found: dict[str, Any] = {}
    for name, log in zip(("input", "target"), logs, strict=True):
        found[name] = filled(size, (usual if log else 2.0**usual,), AT_EDGES[name, log])
        found[f"log_{name}"] = log
    return {"shape": shape, **found}


def forms() -> Iterator[Draft]:
    """Losses of two tables, and those with q - p."""
    for shape, dtype, logs, options in (
        ((1, 4099), "float32", (True, False), {"reduction": "sum", "generalized": True}),
        ((3, 1023), "float64", MIXED, {"reduction": "batchmean"}),
        ((2, 65537), "float32", LOGS, {"reduction": "sum", "generalized": True}),
        ((4099, 3), "float32", PROBABILITIES, {"reduction": "none", "generalized": True}),
        ((1, 4099), "float32", PROBABILITIES, {"reduction": "sum", "upstream": 1.0}),
    ):
        said = "Gradient" if "upstream" in options else "The loss"
        yield Draft(
            comment=f"{said} of two tables of shape {shape} in {dtype}: entries beyond a block.",
            flags=(FLAG,),
            dtype=dtype,
            **operands(shape, logs),
            **options,
        )


def mixtures() -> Iterator[TablesDraft]:
    """Jensen-Shannon divergences of the same tables."""
    for shape, dtype, logs, options in (
        ((1, 1025), "float64", PROBABILITIES, {"reduction": "sum"}),
        ((1, 4099), "float32", LOGS, {"reduction": "sum", "beta": 0.25}),
        ((1, 65537), "float32", PROBABILITIES, {"reduction": "none"}),
        ((4099, 3), "float32", MIXED, {"reduction": "none"}),
        ((1, 4099), "float32", PROBABILITIES, {"reduction": "sum", "upstream": 1.0}),
    ):
        said = "Gradient of js_div" if "upstream" in options else "js_div"
        yield TablesDraft(
            comment=f"{said} of shape {shape} in {dtype}: entries beyond every block.",
            flags=(FLAG,),
            dtype=dtype,
            **operands(shape, logs),
            **options,
        )
