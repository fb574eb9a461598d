"""Operations on blocks of rows of NumPy's arrays, with the bits of the formula's."""

import math

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.backends.numpy.reproducible.functions import (
    LEAST_K,
    UNIT,
    Memory,
    log,
    powers_of_parts,
)
from kldiv_xp.backends.numpy.reproducible.ordinary import no_subnormal
from kldiv_xp.backends.numpy.reproducible.terms import SHIFT
from kldiv_xp.formula.kl_of_logits import KL
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.reproducible_functions import (
    BEYOND,
    EXPONENT_GRID,
    LN2_OF_PARTS,
    LOG2_E,
    LOG_OF_LARGEST,
    LOG_OF_TINY,
    PARTS,
    THIRD_POWER,
    TINY,
)
from kldiv_xp.formula.reproducible_namespace import ReproducibleNamespace
from kldiv_xp.formula.reproducible_operations import (
    LARGEST_USUAL,
    SMALL,
    Operations,
    Softmax,
    Way,
    over,
)
from kldiv_xp.formula.reproducible_sums import Sums, row_steps, total_of
from kldiv_xp.tracing.losses import ANY_TEMPERATURE, any_temperature


class Functions(ReproducibleNamespace):
    """Functions of numbers of float32, by tables."""

    def __init__(self, xp: Namespace) -> None:
        super().__init__(xp)
        self.memory = Memory(xp, 0)

    def log(self, array: Array) -> Array:
        """As of the formula."""
        if not (array.size and array.min() >= TINY and array.max() < math.inf):
            return super().log(array)
        shape, array = array.shape, array.astype("float32").reshape(-1)
        return (log(self.memory, array, "log") * (1 / UNIT)).reshape(shape)

    def exp(self, array: Array) -> Array:
        """As of the formula."""
        return exp_of(self.xp, array)


class InBlocks(Operations):
    """Operations with powers from a table, and integers from the last bits of shifted numbers."""

    def __init__(self, xp: Namespace, temperature: float = 1.0) -> None:
        self.xp, self.functions = xp, Functions(xp)
        is_usual = any_temperature(temperature) in (1, ANY_TEMPERATURE)
        self.is_usual = is_usual and temperature <= LARGEST_USUAL
        self.known: dict[int, tuple[Array, Softmax]] = {}

    def softmax(self, logits: Array, temperature: float) -> Softmax:
        """As of the formula, once for each operand."""
        known = self.known.get(id(logits))
        if known is None:
            known = self.known[id(logits)] = logits, self.new_softmax(logits, temperature)
        return known[1]

    def new_softmax(self, logits: Array, temperature: float) -> Softmax:
        """As of the formula, given that the largest exponential is 1."""
        xp, entered = self.xp, self.entered(logits)
        top = entered.max(axis=-1, keepdims=True, initial=-math.inf)
        if not xp.isfinite(top).all():
            return super().softmax(logits, temperature)
        shifted = xp.subtract(entered, top, out=entered)
        exponentials = exp_of(xp, over(shifted, temperature), 0.0)
        return Softmax(shifted, exponentials, self.sum_below(xp.ones_like(top), exponentials))

    def entered(self, logits: Array) -> Array:
        """As of the formula, where it changes something; always an array of its own."""
        if logits.dtype == "float32" and logits.size and no_subnormal(self.xp, logits):
            return logits.astype("float64", order="C")
        return super().entered(logits)

    def guard(self, divergence: KL, target: Array) -> Guard:
        """As far as needed."""
        nothing = LOG_OF_TINY if divergence.target_is == "log_probabilities" else TINY
        return Guard.NONE if target.size and target.min() >= nothing else Guard.FULL

    def where_positive(self, weights: Array, array: Array, other: float) -> Array:
        """As of the formula, in place where it can be."""
        if not (weights.size and weights.min() > 0):
            return super().where_positive(weights, array, other)
        return array

    def exp(self, array: Array) -> Array:
        """As of the formula."""
        return exp_of(self.xp, array)

    def held(self, product: Array) -> Array:
        """The product: at a usual temperature it is 0, or not below 2^-348, where it counts."""
        return product if self.is_usual else super().held(product)

    def near_or_far(self, small: Array, near: Way, far: Way, *others: Array) -> Array:
        """As of the formula, by one of two ways where they all need one."""
        xp = self.xp
        is_small = xp.abs(small) < SMALL
        few = xp.count_nonzero(is_small)
        if few == small.size:
            return near(*others, small)
        value = far()
        if few:
            places = xp.flatnonzero(is_small)
            xp.put(value, places, near(*(xp.take(one, places) for one in (*others, small))))
        return value

    def log(self, array: Array) -> Array:
        """As of the formula."""
        high = array * 2.0**29
        head = (high + array) - high
        return self.functions.log(head) + (array - head) / head

    def row_sum(self, array: Array) -> Array:
        """As of the formula, unless there are infinities or NaN."""
        xp = self.xp
        most = xp.maximum(array.max(axis=-1, keepdims=True), -array.min(axis=-1, keepdims=True))
        return self.sum_below(most, array)

    def sum_below(self, most: Array, array: Array) -> Array:
        """Sum of numbers that are no larger."""
        xp = self.xp
        steps = row_steps(xp, most, array.shape[-1])
        if not (xp.isfinite(most).all() and steps.units.all()):
            return super().row_sum(array)
        whole = SHIFT * (steps.power / steps.units)
        part = whole / steps.units
        shifted = array + whole
        high = last_bits(xp, shifted, whole)
        shifted -= whole
        xp.subtract(array, shifted, out=shifted)
        shifted += part
        low = last_bits(xp, shifted, part)
        return total_of(xp, Sums(high[..., None], low[..., None], xp.zeros_like(most)), steps)


def last_bits(xp: Namespace, shifted: Array, shift: Array) -> Array:
    """Sums of rows of integers that were shifted, modulo 2^64."""
    bits = shifted.view("int64").sum(axis=-1)
    return bits - shift.view("int64")[..., 0] * shifted.shape[-1]


def exp_of(xp: Namespace, x: Array, most: float | None = None) -> Array:
    """As of the formula; the largest may be known."""
    if not x.size:
        return x
    is_inside = x.min() >= LOG_OF_TINY and (x.max() if most is None else most) <= LOG_OF_LARGEST
    bounded = x if is_inside else xp.clip(x, LOG_OF_TINY, LOG_OF_LARGEST)
    k = bounded * (PARTS * LOG2_E)
    xp.rint(k, out=k)
    # No index is that of a NaN, around which "wrap" would go for minutes.
    place = (k if is_inside else xp.fmax(k, float(LEAST_K))).astype(xp.intp)
    value = bounded - xp.multiply(k, LN2_OF_PARTS, out=k)
    value *= EXPONENT_GRID * THIRD_POWER
    xp.rint(value, out=value)
    xp.multiply(value, value, out=k)
    k *= 0.5 / EXPONENT_GRID
    value += k
    value += EXPONENT_GRID
    value *= powers_of_parts(xp).take(place, mode="wrap", out=k)
    if not is_inside:
        value[x < LOG_OF_TINY] = 0.0
        value[x > LOG_OF_LARGEST] = BEYOND
    return value
