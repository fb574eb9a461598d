"""Remedies for operands without floats: one-hot labels, counts, complex numbers, objects."""

from reprlib import repr as shortened

from kldiv_xp._typing import Array, Axis, DType, Namespace
from kldiv_xp.checks.remedies import module_of, say, say_along, words_of
from kldiv_xp.checks.spaces import space_of
from kldiv_xp.core.namespaces import is_array
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.sparse import SparseKL

# Types of NumPy whose entries may be numbers: objects, and texts of three kinds.
KINDS_OF_ENTRIES = {"O", "S", "U", "T"}
# What the entry of the one place that a label names is.
ONE = {"log_probabilities": "0, the logarithms of 1", "probabilities": "1, of one class each"}


def for_dtype(xp: Namespace, name: str, operand: Array, kind: str, loss: object, axis: Axis) -> str:
    """Remedy for a dtype that is no real float of at least 16 bits."""
    dtype: DType = operand.dtype
    if getattr(dtype, "names", None):
        return f'pass one of its fields, e.g. {name}["{dtype.names[0]}"]'
    if str(dtype) == "|V2":
        return (
            f"if numpy.save wrote them as bytes of bfloat16, pass {name}.view(ml_dtypes.bfloat16)"
        )
    if kind == "other" and not becomes_floats(dtype):
        return "pass probabilities or their logarithms in an array of floats"
    space, convert = space_of(loss, name), for_floats(xp, name, operand, kind)
    if kind == "bools" and space:
        return for_bools(xp, name, loss)
    if kind == "integers" and space:
        return for_integers(xp, name, loss, axis, convert)
    return convert


def for_floats(xp: Namespace, name: str, operand: Array, kind: str) -> str:
    """Remedy for numbers that can be converted one by one."""
    if kind == "complex":
        return f"take its real part, {say(xp, 'real', name)}"
    return f"{for_entries(xp, name, operand)}convert it with {say(xp, 'as_float', name)}"


def for_bools(xp: Namespace, name: str, loss: object) -> str:
    """Remedy for bools, which are one-hot labels."""
    space, table = space_of(loss, name), say(xp, "as_float", name)
    if space == "probabilities":
        return f"convert it with {table}"
    if space == "logits" and takes_kind(name, loss):
        return f"if these are one-hot labels, pass {table}, with target_is='probabilities'"
    return f"if these are one-hot labels, take their logarithms: {say(xp, 'log', table)}"


def for_integers(xp: Namespace, name: str, loss: object, axis: Axis, convert: str) -> str:
    """Remedy for integers, each meaning of theirs by its own: one-hot labels, counts, logits."""
    space, table = space_of(loss, name), shares_of(xp, name, axis)
    of_counts = f"take the logarithms of their shares: {logarithm_of(xp, table)}"
    if space == "probabilities":
        of_counts = f"divide them by their sum: {table}"
    if isinstance(loss, SparseKL) and name == "target" and space in ONE:
        return f"if these are {ONE[space]}, {convert}; if these are counts, {of_counts}"
    if takes_kind(name, loss):
        of_counts = f"pass their shares, {table}, with target_is='probabilities'"
    meant = f"if these are {'counts' if name == 'input' else 'one-hot labels or counts'}"
    return f"{meant}, {of_counts}" + f"; if they are logits, {convert}" * (space == "logits")


def for_values_at_places(xp: Namespace, name: str, loss: object) -> str:
    """First part of a remedy for integers that are labels, or what stands at the places of some."""
    meant = ONE.get(space_of(loss, name), "logits")
    return f"if these are {meant}, convert it with {say(xp, 'as_float', name)}; "


def takes_kind(name: str, loss: object) -> bool:
    """Whether `target_is` may say that an operand in the place of logits holds probabilities."""
    is_target = name == "target" and space_of(loss, name) == "logits"
    return is_target and not isinstance(loss, JSOfArray)


def shares_of(xp: Namespace, name: str, axis: Axis) -> str:
    """Code that divides integers by their sum along the axes of a distribution."""
    number = name if words_of(xp).divides_integers else say(xp, "as_float", name)
    axes = axis if isinstance(axis, tuple) else (-1 if axis is None else axis,)
    return say_along(xp, "normalised", number, axes or (-1,))


def logarithm_of(xp: Namespace, quotient: str) -> str:
    """Code that takes the logarithm of a quotient."""
    code = f"({quotient})" if words_of(xp).log.startswith("{x}") else quotient
    return say(xp, "log", code)


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
