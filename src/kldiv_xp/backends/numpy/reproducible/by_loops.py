"""Terms and derivatives with the same bits, of blocks of NumPy's arrays, by compiled loops."""

from collections.abc import Mapping

from kldiv_xp._typing import Array
from kldiv_xp.backends.numpy.reproducible.functions import Memory
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.reproducible_functions import Rounding


def terms_by_loops(
    memory: Memory, form: Form, rounding: Rounding, x: Array, t: Array, *, looks: bool = False
) -> Array:
    """The same; NaN of what is not ordinary, if they are looked at."""
    result = memory.get("result", "float32", t.size)
    memory.loops.fill_terms(form, rounding, looks, x, t, result)
    return result


def derivatives_by_loops(
    memory: Memory,
    form: Form,
    places: Mapping[int, Rounding],
    operands: Arrays,
    *,
    looks: bool = False,
) -> dict[int, Array]:
    """The same; NaN of what is not ordinary, if they are looked at."""
    count = operands[1].size
    results = {place: memory.get(f"result {place}", "float32", count) for place in places}
    outputs = [(place, rounding, results[place]) for place, rounding in places.items()]
    memory.loops.fill_derivatives(form, looks, operands, outputs)
    return results
