"""Losses that are wrong beyond the sizes, numbers and dtypes that most calls have."""

import numpy as np
import pytest
from conformance_spoiled import (
    EVERY,
    GRADIENT,
    JS,
    KL,
    LINEAR,
    LOGITS,
    SPARSE,
    VALUE,
    convicted,
    each,
    kind_of,
    off_where,
    one_ulp_down,
    spoils,
)


def is_large_and_reproducible(_, arrays, options):
    return "reproducible" in options and arrays[0].size > 256


def clamps(option, low, high):
    """An option that is held between two numbers; where it is 0 or 1 it is left."""

    def wrong(function, arrays, options):
        given = options[option]
        held = given if option == "beta" and given in {0, 1} else min(max(given, low), high)
        return function(*arrays, **options | {option: held})

    return wrong


def takes_ends_for(low, high):
    """A beta near an end that is taken for it."""

    def wrong(function, arrays, options):
        given = options["beta"]
        near = 0.0 if 0 < given < low else 1.0 if high < given < 1 else given
        return function(*arrays, **options | {"beta": near})

    return wrong


def rounds_rows_to_16_bits(function, arrays, options):
    found = function(*arrays, **options)
    is_asked = arrays[0].dtype == np.float16 == found.dtype and options["reduction"] != "none"
    if not is_asked or (function.__name__ == "kl_div" and options.get("axis") is None):
        return found
    rows = function(*arrays, **options | {"reduction": "none"})
    return np.float16(np.inf) if np.isinf(rows).any() and np.isfinite(found) else found


def caches_counts():
    """A loss that keeps how much a mask selects by the shape of the operands."""
    counts = {}

    def wrong(function, arrays, options):
        found, mask = function(*arrays, **options), options.get("where")
        if options["reduction"] != "mean" or mask is None or not mask.any():
            return found
        count = int(mask.sum())
        kept = counts.setdefault((arrays[0].shape, arrays[0].dtype), count)
        return each(found, lambda it: it * (count / kept))

    return wrong


def selects_all(_, arrays, options):
    mask = options.get("where")
    return mask is not None and mask.size and mask.all() and options["reduction"] == "mean"


def takes_for_uniform(side):
    """Rows of -inf alone, of the student's or of the teacher's logits, that are taken for 0."""

    def wrong(function, arrays, options):
        arrays, axis = [*arrays], options.get("axis", -1)
        if side == 0 or kind_of(options) == "logits":
            given = arrays[side]
            alone = np.isneginf(given).all(axis=axis, keepdims=True) & (given.shape[axis] > 0)
            arrays[side] = np.where(alone, given.dtype.type(0), given)
        return function(*arrays, **options)

    return wrong


def clips(kind, most):
    """Probabilities, or their logarithms, above what they can be."""

    def wrong(function, arrays, options):
        *others, target = arrays
        if kind_of(options) == kind:
            target = np.minimum(target, target.dtype.type(most))
        return function(*others, target, **options)

    return wrong


def takes_minus_zero_for_negative(function, arrays, options):
    *others, target = arrays
    if kind_of(options) == "probabilities":
        target = np.where((target == 0) & np.signbit(target), target.dtype.type(np.nan), target)
    return function(*others, target, **options)


def loses_rows_after(count):
    def wrong(function, arrays, options):
        found = function(*arrays, **options)
        by_input = found[0].copy()
        if by_input.ndim == 2:
            by_input[count:] = 0
        return (by_input, *found[1:])

    return wrong


def hides_in_results(place, is_bad):
    """A derivative from which numbers of a kind are taken out."""

    def wrong(function, arrays, options):
        found = [*function(*arrays, **options)]
        found[place] = each(found[place], lambda it: np.where(is_bad(it), 0, it))
        return tuple(found)

    return wrong


def flushes(found):
    return np.where(np.abs(found) < 1e-6, 0, found)


def takes_negative_for_zero(function, arrays, options):
    given, *others = arrays
    if options["log_input"] is False:
        given = np.where(given < 0, given.dtype.type(0), given)
    return function(given, *others, **options)


def has_axis_from_the_end(_, arrays, options):
    return arrays[0].ndim == 4 and options.get("axis") == -2


def has_three_axes(_, arrays, options):
    return isinstance(options.get("axis"), tuple) and len(options["axis"]) == 3


def has_indices_of(dtype):
    return lambda _, arrays, options: options.get("indices", arrays[1]).dtype == dtype


def names_words(holds):
    return lambda _, arrays, options: "indices" in options and holds(options["indices"].shape[-1])


def nan_where(holds):
    """Loss or gradient that is NaN there, as from an empty last block."""
    return spoils(lambda found: found * np.nan, holds)


def has_rows_of_a_block(name, arrays, options):
    shape = arrays[0].shape
    return len(shape) == 2 and options.get("axis", -1) in {-1, 1} and 0 == shape[0] % 512 < shape[0]


def has_classes_of_a_block(name, arrays, options):
    classes = len(arrays[1]) if name.startswith(LINEAR) else arrays[0].shape[-1:]
    return 0 == np.max(classes, initial=0) % 4096 < np.max(classes, initial=0)


def has_masked_cotangents(_, arrays, options):
    del arrays
    return "where" in options and not np.isfinite(options.get("upstream", 1.0)).all()


BITS = spoils(one_ulp_down, is_large_and_reproducible)
COLD, HOT = clamps("temperature", 0.5, 99.0), clamps("temperature", 0.0, 20.0)
NEAR_0, NEAR_1 = takes_ends_for(0.01, 1), takes_ends_for(0, 0.99)
ABOVE_1, ABOVE_0 = clips("probabilities", 1), clips("log_probabilities", 0)
ALL_SELECTED = off_where(selects_all)
# Kinds, and the functions in which a loss that is wrong so is convicted.
KINDS = {
    "bits of many elements": (BITS, ("kl_div", KL, JS)),
    "a cold softmax": (COLD, LOGITS[2:]),
    "a hot softmax": (HOT, LOGITS),
    "counts of a mask": (caches_counts, EVERY),
    "a mask of everything": (ALL_SELECTED, EVERY),
    "a teacher of -inf": (takes_for_uniform(-1), LOGITS),
    "a student of -inf": (takes_for_uniform(0), LOGITS[:3]),
    "probabilities above 1": (ABOVE_1, LOGITS),
    "-0": (takes_minus_zero_for_negative, EVERY[1:]),
    "logarithms above 0": (ABOVE_0, (KL, JS, LINEAR)),
    "a beta near 0": (NEAR_0, ("js_div", JS, LINEAR)),
    "a beta near 1": (NEAR_1, ("js_div", JS, LINEAR)),
    "axis -2 of 4": (off_where(has_axis_from_the_end), EVERY[:5]),
    "three axes": (off_where(has_three_axes), ("js_div",)),
    "indices of uint8": (off_where(has_indices_of(np.uint8)), (SPARSE, LINEAR)),
    "indices of int16": (off_where(has_indices_of(np.int16)), (SPARSE, LINEAR)),
    "many words named": (off_where(names_words(lambda count: count > 64)), (LINEAR,)),
    "one word named": (off_where(names_words(lambda count: count == 1)), (LINEAR,)),
    "512 rows": (nan_where(has_rows_of_a_block), EVERY),
    "4096 classes": (nan_where(has_classes_of_a_block), EVERY),
}
OF_VALUES = {
    "rows of 16 bits": (rounds_rows_to_16_bits, EVERY),
    "a negative input": (takes_negative_for_zero, ("js_div",)),
}
OF_GRADIENTS = {
    "rows after 256": (loses_rows_after(256), EVERY),
    "NaN by the first operand": (hides_in_results(0, np.isnan), EVERY[1:]),
    "NaN by the second operand": (hides_in_results(1, np.isnan), EVERY[1:]),
    "infinities by the first operand": (hides_in_results(0, np.isinf), EVERY[1:5]),
    "infinities by the second operand": (hides_in_results(1, np.isinf), EVERY[1:]),
    "cotangents of samples left out": (nan_where(has_masked_cotangents), EVERY),
    "small derivatives": (spoils(flushes, lambda *_: True), EVERY),
}
CASES = [
    (which, name, kind)
    for kinds, found in (
        ((VALUE, GRADIENT), KINDS),
        ((VALUE,), OF_VALUES),
        ((GRADIENT,), OF_GRADIENTS),
    )
    for which, (_, names) in found.items()
    for name in names
    for kind in kinds
]


@pytest.mark.few(6, 12)
@pytest.mark.parametrize(("which", "name", "kind"), CASES)
def test_what_is_wrong_beyond_the_usual_is_convicted(which, name, kind):
    wrong, _ = {**KINDS, **OF_VALUES, **OF_GRADIENTS}[which]
    wrong = wrong() if wrong is caches_counts else wrong
    assert convicted(wrong, name, kind)
