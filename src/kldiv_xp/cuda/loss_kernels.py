"""The kernels of the loss and of its derivatives: loops around what the formula says in C."""

from collections.abc import Callable, Sequence
from functools import cache, partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.evaluate import chained_slopes
from kldiv_xp.core.scale import Scale
from kldiv_xp.cuda.c_fragments import kind
from kldiv_xp.cuda.c_types import Operand
from kldiv_xp.cuda.formula_to_c import device_function
from kldiv_xp.cuda.loop_templates import map_source, sum_source
from kldiv_xp.formula.form import Form, term_of

NAMES = ("x", "t", "w")
UPSTREAM = "u"
FACTOR = "factor"
SLOPES = ("by_input", "by_target")


@cache
def source_of_sums(
    form: Form, real: str, dtypes: Sequence[str], result: str, ranks: Sequence[int]
) -> str:
    """Text of the kernels that add up terms."""
    inputs = tuple(map(Operand, NAMES, dtypes))
    function, call = traced("pointwise", term_of(form), inputs, real)
    return sum_source(real, function, inputs, result, call, ranks)


@cache
def source_of_terms(
    form: Form, real: str, inputs: Sequence[Operand], results: Sequence[str], rank: int
) -> str:
    """Text of the kernel that writes terms."""
    function, call = traced("pointwise", term_of(form), inputs, real)
    outputs = tuple(map(Operand, ("terms",), results))
    return map_source(real, function, inputs, outputs, [call], rank)


@cache
def source_of_slopes(
    form: Form,
    wanted: tuple[bool, bool],
    real: str,
    inputs: Sequence[Operand],
    results: Sequence[str],
    rank: int,
) -> str:
    """Text of the kernel that writes derivatives, times the factor and those upstream."""
    count = sum(operand.name in NAMES for operand in inputs)

    def slope(place: int, xp: Namespace, factor: Array, *arrays: Array) -> Array:
        return chained_slopes(form, Scale(factor), count)[place](xp, *arrays)

    arguments = (Operand(FACTOR, "real"), *inputs)
    chosen = [(name, place) for place, name in enumerate(SLOPES) if wanted[place]]
    pairs = [traced(name, partial(slope, place), arguments, real) for name, place in chosen]
    functions = "\n".join(function for function, _ in pairs)
    outputs = tuple(
        Operand(f"{name}s", dtype) for (name, _), dtype in zip(chosen, results, strict=True)
    )
    return map_source(real, functions, inputs, outputs, [call for _, call in pairs], rank)


def traced(
    name: str, function: Callable[..., Array], inputs: Sequence[Operand], real: str
) -> tuple[str, str]:
    """Text of a function of these elements, and of a call of it for element i of a batch."""
    parameters = {one.name: kind(one) for one in inputs}
    arguments = [one if one == FACTOR else f"{one}[i]" for one in parameters]
    return device_function(name, function, parameters, real), f"{name}({', '.join(arguments)})"
