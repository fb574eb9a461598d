"""Sentences on what is wrong with a result."""

from kldiv_conformance._adapter import Array
from kldiv_conformance._comparison import allowed, indexed
from kldiv_conformance._conventions import convention_words, wrong_places
from kldiv_conformance._formats import FORMATS, ulp_distance
from kldiv_conformance._text import ratio_words
from kldiv_conformance._vector import Vector

FEW = 4
# A distance in ulp beyond this says no more than that another number was meant.
COUNTABLE = 1_000_000
SHOWN = 4
# Of JAX, whose default leaves the setting off.
WIDE_CONSTANTS = (
    " The suite turns jax_enable_x64 on, where an array that is made without a dtype is float64: "
    "give it that of the operands, as in `jnp.zeros((), x.dtype)`."
)


def problems(
    vector: Vector, name: str, array: Array, dtype: str, numbers: list[float]
) -> list[str]:
    """Sentences on what is wrong with a result, whose dtype has this name."""
    expected = vector.results[name]
    shape = tuple(array.shape)
    if shape != expected.shape:
        return [f"{name} must have the shape {expected.shape}; got {shape}."]
    if dtype != expected.dtype:
        more = WIDE_CONSTANTS if is_made_wide(array, dtype) else ""
        return [f"{name} must have the dtype {expected.dtype}; got {dtype}.{more}"]
    wrong = wrong_places(vector, name, numbers)
    if not wrong:
        return []
    return [
        f"{name} is wrong in {len(wrong)} of {len(numbers)} places: "
        f"{accusation(vector, name, wrong[0], numbers[wrong[0]])}"
    ]


def is_made_wide(array: Array, dtype: str) -> bool:
    """Whether an array of JAX is float64 where another dtype is asked for."""
    return dtype == "float64" and type(array).__module__.partition(".")[0].startswith("jax")


def accusation(vector: Vector, name: str, place: int, got: float) -> str:
    """Sentence on one wrong number: where it stands, what it must be, and the operands there."""
    expected = vector.results[name]
    value, limit = expected.values[place], allowed(expected, vector.max_ulp)[place]
    where = indexed(name, place, expected.shape)
    precision = f"within {limit:.2g}" if limit else "exactly"
    far = excess(got, value, limit, expected.dtype)
    operands = operands_at(vector, expected.shape, place)
    convention = convention_words(vector, name, place, got)
    return f"{where} must be {value!r} {precision}; got {got!r}{far}; {operands}.{convention}"


def excess(got: float, value: float, limit: float, dtype: str) -> str:
    """Words on how far off a finite number is: in units that a reader can count, if there are."""
    form = FORMATS[dtype]
    if not (abs(got) <= form.largest and abs(value) <= form.largest) or got == value:
        return ""
    ulp, off = ulp_distance(got, value, form), abs(got - value)
    if ulp <= COUNTABLE:
        return f", off by {f'{off / limit:.3g} bounds or ' if limit else ''}{ulp} ulp"
    return f", {multiple(got, value)}" if value else ""


def multiple(got: float, value: float) -> str:
    """Words on a number as a multiple of the right one."""
    if got == 0:
        return "0 where another number is right"
    return f"{ratio_words(got / value, SHOWN)} times the right number"


def operands_at(vector: Vector, shape: tuple[int, ...], place: int) -> str:
    """Operands of one place, or the first of all of them if a result was reduced."""
    words = []
    for name, operand in (("input", vector.input), ("target", vector.target)):
        if operand.shape == shape:
            words.append(f"{name} {operand.values[place]!r}")
        else:
            more = ", ..." if len(operand.values) > FEW else ""
            words.append(f"{name} {', '.join(map(repr, operand.values[:FEW])) or 'empty'}{more}")
    return ", ".join(words) if vector.input.shape == shape else "; ".join(words)
