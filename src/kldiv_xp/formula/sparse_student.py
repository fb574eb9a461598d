"""A student seen from the entries that a teacher names, and how those are read and written."""

import math
from collections.abc import Callable
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.formula.any_size import over
from kldiv_xp.formula.near_equal import row_sum


def taken_along_axis(xp: Namespace, array: Array, indices: Array) -> Array:
    """Entries of an array at the indices, by the standard's function."""
    return xp.take_along_axis(array, indices, axis=-1)


Put = Callable[[Namespace, Array, Array, Array | float], Array]
"""(xp, array, indices, values) to the array with other values there."""


class Rest(NamedTuple):
    """Logits that a teacher does not name, and their exponentials."""

    most: Array
    """The largest logit, a number for a row."""
    total: Array
    """Sum of the exponentials, a number for a row."""
    spread: Callable[[Array, Array, Array], Array]
    """(factor, indices, values) to them times a number for a row, and values at the indices."""


def exponentials(xp: Namespace, rest: Array, anchor: Array, temperature: float | Array) -> Array:
    """Exponentials of logits less a number of their row, over the temperature."""
    return xp.exp(over(xp, xp.subtract(rest, anchor), temperature))


def anchor_of(xp: Namespace, most: Array) -> Array:
    """Number subtracted from the logits of a row: the largest of them, or 0 for none."""
    return xp.where(xp.equal(most, -math.inf), 0.0, most)


def rest_at_once(
    xp: Namespace, put: Put, input: Array, indices: Array, temperature: float | Array
) -> Rest:
    """Exponentials as one array, 0 at the indices, where the rest is -inf."""
    rest = put(xp, input, indices, -math.inf)
    most = xp.max(rest, axis=-1, keepdims=True)
    every = exponentials(xp, rest, anchor_of(xp, most), temperature)

    def spread(factor: Array, indices: Array, values: Array) -> Array:
        return put(xp, xp.multiply(every, factor), indices, values)

    return Rest(most, row_sum(xp, every), spread)


class Entries(NamedTuple):
    """How a library writes and reads entries at indices, and sums up all others."""

    put: Put
    take: Callable[[Namespace, Array, Array], Array] = taken_along_axis
    """(xp, array, indices) to its entries there."""
    rest: Callable[[Namespace, Put, Array, Array, float | Array], Rest] = rest_at_once
    """(xp, put, input, indices, temperature) to what the indices do not name."""
    widens: bool = False
    """Whether all of these take logits in their own type, and answer in the wider one."""


class Student(NamedTuple):
    """A student seen from the entries that the teacher names.

    Probabilities elsewhere are exponentials over their sum, times that of all the rest.
    """

    rest: Rest
    log_q: Array
    log_rest: Array


def student(
    xp: Namespace, input: Array, indices: Array, temperature: float, entries: Entries
) -> Student:
    """Student's entries and its rest, whose largest logit is subtracted before the exponentials.

    The rest is added up by itself: as 1 - sum(q) it is 0 where the student is certain.
    """
    chosen = entries.take(xp, input, indices)
    others = entries.rest(xp, entries.put, input, indices, temperature)
    most, total, _ = others
    anchor = anchor_of(xp, most)
    highest = xp.maximum(xp.max(chosen, axis=-1, keepdims=True), most)
    shifted = over(xp, xp.subtract(chosen, highest), temperature)
    shift = over(xp, xp.subtract(anchor, highest), temperature)
    shift = xp.where(xp.equal(most, -math.inf), -math.inf, shift)
    log_all = xp.log(xp.add(row_sum(xp, xp.exp(shifted)), xp.multiply(total, xp.exp(shift))))
    log_total = xp.log(xp.where(xp.equal(total, 0), 1.0, total))
    log_rest = xp.subtract(xp.add(shift, log_total), log_all)
    return Student(others, xp.subtract(shifted, log_all), log_rest)
