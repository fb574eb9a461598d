"""Remedies for floats without the entries of a distribution: labels, one class of two, numbers."""

from typing import Any

from kldiv_xp._typing import Axis, Namespace, Shape
from kldiv_xp.checks.labels import column_axis, for_dense_labels, for_labels_of_part
from kldiv_xp.checks.remedies import module_of, say
from kldiv_xp.checks.spaces import space_of
from kldiv_xp.checks.spreading import broadcast_shape, for_spread_of
from kldiv_xp.core.shapes import axes_of_entries

# Name of an operand that lacks entries, the shape that it should have, and the one that it has.
Lacking = tuple[str, Shape, Shape]
# One entry of two: what it may be, and code for the other one.
FIRST_OF_TWO = {
    "probabilities": ("probabilities of the second class", "1 - {x}"),
    "logits": ("logits of the second class against the first", "{m}.zeros_like({x})"),
    "log_probabilities": ("log-probabilities of the second class", "{log}"),
}
TWO = 2


def for_number(name: str, loss: object) -> str:
    """Remedy for a 0-d array in place of distributions."""
    kind = (space_of(loss, name) or "entries").replace("_", "-")
    example = ", e.g. outputs.logits" if kind == "logits" else ""
    return f"pass the {kind} of every sample as `{name}`{example}, not a loss or another number"


def for_missing_entries(
    xp: Namespace, left: Shape, right: Shape, loss: object = None, axis: Axis = -1
) -> list[str]:
    """Remedies for an operand without the axis of the classes, or with one class: one a meaning."""
    found = [for_float_labels(xp, left, right, loss, axis)]
    one = without_entries(left, right, axis)
    if one is not None:
        found.append(for_one_of_two(xp, one, loss, axis))
    return [remedy for remedy in found if remedy]


def for_float_labels(
    xp: Namespace, shape: Shape, labels: Shape, loss: object, axis: Axis = -1
) -> str:
    """Remedy for class labels in floats; "" where floats in a column are more likely repeated."""
    column = column_axis(shape, labels, axis)
    if isinstance(axis, tuple) or (
        column is not None
        and column not in axes_of_entries(axis, len(shape))
        and len(shape) <= len(("batch", "position", "class"))
    ):
        return ""
    return for_dense_labels(xp, shape, labels, axis, loss=loss)


def for_all_entries(one: Lacking, axis: Axis, *, else_labels: bool = False) -> str:
    """Remedy for an operand that has but one entry of each distribution, whatever that is."""
    name, shape, _ = one
    size = shape[axes_of_entries(axis, len(shape))[0]]
    given = f"pass all {size} entries of each distribution"
    return f"if not, {given}" if else_labels else f"{given} as `{name}`"


def for_one_of_two(xp: Namespace, one: Lacking, loss: Any, axis: Axis) -> str:
    """Remedy for the second of two classes without the first; "" for more classes."""
    name, shape, given = one
    place, space = axes_of_entries(axis, len(shape))[0], space_of(loss, name)
    if shape[place] != TWO or space not in FIRST_OF_TWO or not fits_but_for(shape, given, place):
        return ""
    word = "joined" if len(given) == len(shape) else "stacked"
    at = -1 if place == len(shape) - 1 else place
    code = both_of_two(xp, name, space, word, at)
    return f"if these are {FIRST_OF_TWO[space][0]}, pass {name} = {code}"


def both_of_two(xp: Namespace, name: str, space: str, word: str, axis: int) -> str:
    """Code that puts the first of two classes before the second, which the operand holds."""
    log = say(xp, "log1p", "-" + say(xp, "exp", name))
    other = FIRST_OF_TWO[space][1].format(m=module_of(xp), x=name, log=log)
    return say(xp, word, f"({other}, {name})", axis=axis)


def fits_but_for(shape: Shape, given: Shape, place: int) -> bool:
    """Whether an operand has a shape but for one axis, which is left out or of size 1."""
    before, after = shape[:place], shape[place + 1 :]
    return given in (before + after, (*before, 1, *after))


def without_entries(left: Shape, right: Shape, axis: Axis) -> Lacking | None:
    """Lacking that has no entries along the axis of the distributions, or None."""
    for name, shape, given in (("target", left, right), ("input", right, left)):
        places = axes_of_entries(axis, len(shape))
        if len(places) == 1 and lacks_axis(shape, given, places[0]):
            return name, shape, given
    return None


def lacks_axis(shape: Shape, given: Shape, place: int) -> bool:
    """Whether an operand has no axis at a place, or one of size 1, and else broadcasts."""
    if shape[place] in (0, 1):
        return False
    if fits_but_for(shape, given, place):
        return True
    at = place - len(shape)
    has_one = len(given) >= -at and given[at] == 1
    return has_one and broadcast_shape(shape, given) == shape


def for_target_of_layer(xp: Namespace, states: Shape, expected: Shape, found: Shape) -> str:
    """Remedy for class labels, or for samples that are repeated, beside hidden states; else ""."""
    labels, spread = "", ""
    if without_entries(expected, found, -1) and expected[-1] != 1:
        labels = for_labels_of_part(xp, expected, found)
    if None not in (*expected, *found):
        named = bool(labels)
        spread = for_spread_of(xp, "target", expected, found, named=named)
        if not spread and expected[-1:] == found[-1:]:
            spread = for_spread_of(xp, "input", (*found[:-1], *states[-1:]), states, named=named)
    if spread or not labels:
        return spread + f"; if not, {labels}" * bool(labels)
    return f"{labels}; of anything else pass all logits of each sample"
