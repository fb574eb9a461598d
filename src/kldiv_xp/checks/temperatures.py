"""Remedies for an array with axes in place of a number: a temperature for each sample."""

from kldiv_xp._typing import Array, Axis, Namespace, Shape
from kldiv_xp.checks.axes import one_axis
from kldiv_xp.checks.labels import and_axis, column_axis, label_axis, with_axis_at
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.spreading import along, inserted_axes, placements, sizes_with_axes
from kldiv_xp.core.namespaces import known_shape, namespace_of
from kldiv_xp.core.shapes import without_axis

ONE_NUMBER = "pass one number, or call the loss once for each of several"
DIVIDED = (
    "pass the samples of each temperature in a call of their own; or, if `input` holds logits, "
    "divide them before the call, input / {divisor}{same} and `target` likewise if it holds "
    "logits: what reduction='none'{axis} gives times {samples} ** 2 is the scaled loss"
)


def for_axes(name: str, array: Array, input: Array, axis: Axis) -> str:
    """Remedy for an array with axes in place of a number, or ""."""
    xp, shape, every = namespace_of(array), known_shape(array), known_shape(input)
    if None in (*shape, *every):
        return ""
    if set(shape) == {1}:
        return f"pass {say(xp, 'reshaped', name, shape=())}"
    if name != "temperature":
        return ONE_NUMBER
    place = one_axis(axis, len(every)) if every else -1
    of_samples = for_temperatures(xp, shape, every, place)
    return of_samples or for_repeated_temperatures(xp, shape, every, place)


def for_temperatures(xp: Namespace, shape: Shape, every: Shape, axis: int) -> str:
    """Remedy for a temperature of each sample; "" for other shapes."""
    place, column = label_axis(every, shape, axis), column_axis(every, shape, axis)
    if place == column:
        return ""
    divisor = samples = "temperature"
    if place is not None:
        divisor = with_axis_at(xp, "temperature[..., None]", place, every)
    if column is not None:
        samples = say(xp, "reshaped", samples, shape=without_axis(every, column))
    named = and_axis(column if place is None else place, every, axis)  # type: ignore[arg-type]
    named = named.replace(" and", " with", 1)
    return DIVIDED.format(divisor=divisor, samples=samples, same="", axis=named)


def for_repeated_temperatures(xp: Namespace, shape: Shape, every: Shape, axis: int) -> str:
    """Remedy for temperatures that are the same along axes of the samples; "" for other shapes."""
    ways = {sizes_with_axes(shape, one, len(every)): one for one in placements(every, shape)}
    ways = {sizes: one for sizes, one in ways.items() if sizes and sizes[axis] == 1}
    if not ways:
        return ""
    sizes, lacking = next(iter(ways.items()))
    divisor = inserted_axes(xp, "temperature", lacking, len(every)) if lacking else "temperature"
    samples = say(xp, "reshaped", "temperature", shape=without_axis(sizes, axis))
    along_axes = along((*every[:axis], 1, *every[axis + 1 :]), sizes, ())
    same = f" if it is the same {along_axes}" if len(ways) > 1 else ""
    return DIVIDED.format(divisor=divisor, samples=samples, same=same, axis="")
