"""Remedies for operands without floats: counts, complex numbers, records, strings, objects."""

from reprlib import repr as shortened

from kldiv_xp._typing import Array, Axis, DType, Namespace
from kldiv_xp.checks.remedies import module_of, say, say_along, words_of
from kldiv_xp.core.namespaces import is_array

# Types of NumPy whose entries may be numbers: objects, and texts of three kinds.
KINDS_OF_ENTRIES = {"O", "S", "U", "T"}


def for_dtype(xp: Namespace, name: str, operand: Array, kind: str, space: str, axis: Axis) -> str:
    """Remedy for a dtype that is no real float of at least 16 bits."""
    dtype: DType = operand.dtype
    if kind == "complex":
        return f"take its real part, {say(xp, 'real', name)}"
    if getattr(dtype, "names", None):
        return f'pass one of its fields, e.g. {name}["{dtype.names[0]}"]'
    if str(dtype) == "|V2":
        return (
            f"if numpy.save wrote them as bytes of bfloat16, pass {name}.view(ml_dtypes.bfloat16)"
        )
    if kind == "other" and not becomes_floats(dtype):
        return "pass probabilities or their logarithms in an array of floats"
    convert = f"{for_entries(xp, name, operand)}convert it with {say(xp, 'as_float', name)}"
    if kind != "integers" or not space:
        return convert
    counted = for_counts(xp, name, space, axis)
    return f"{convert}, or {counted}" if space == "logits" else counted


def for_counts(xp: Namespace, name: str, space: str, axis: Axis) -> str:
    """Remedy for counts in place of probabilities, log-probabilities or logits."""
    number = name if words_of(xp).divides_integers else say(xp, "as_float", name)
    axes = axis if isinstance(axis, tuple) else (-1 if axis is None else axis,)
    shares = say_along(xp, "normalised", number, axes or (-1,))
    if space == "probabilities":
        return f"if these are counts, divide them by their sum: {shares}"
    shares = f"({shares})" if words_of(xp).log.startswith("{x}") else shares
    return f"if these are counts, take the logarithms of their shares: {say(xp, 'log', shares)}"


def for_entries(xp: Namespace, name: str, array: Array) -> str:
    """First step of a remedy for an entry of objects or strings that is no number."""
    if getattr(array.dtype, "kind", "") not in KINDS_OF_ENTRIES or not hasattr(xp, "ndenumerate"):
        return ""
    for place, entry in xp.ndenumerate(array):
        if isinstance(entry, list | tuple) or (is_array(entry) and entry.ndim):
            return f"pad its rows to one length and take {module_of(xp)}.stack({name}), then "
        try:
            float(entry)
        except (TypeError, ValueError):
            return f"put a number in the place of {shortened(entry)} at {place}, then "
    return ""


def becomes_floats(dtype: DType) -> bool:
    """Whether a dtype can be cast to floats: strings, objects, other libraries' floats."""
    return getattr(dtype, "kind", "") in KINDS_OF_ENTRIES or "float" in str(dtype)
