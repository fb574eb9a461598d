"""Losses that are wrong at tiny numbers, infinities, rare upstream derivatives and axes alone."""

import math

import numpy as np
import pytest
from conformance_spoiled import (
    EVERY,
    GRADIENT,
    JS,
    KL,
    LINEAR,
    SPARSE,
    TABLES,
    VALUE,
    convicted,
    kind_of,
    off_where,
    one_ulp_down,
    spoils,
)

# Below it, in any of its spaces, an entry counts as 0.
LEAST = 1e-30
FIRST, LAST = 0, -1
OF_SAME_BITS = ("kl_div", KL, JS)


def space_of(side, options):
    """Kind of an operand: logits, probabilities or their logarithms."""
    if side == LAST:
        return kind_of(options)
    return "log_probabilities" if options.get("log_input", True) else "probabilities"


def takes(side, **changes):
    """An operand whose entries are changed, by what each kind of it has."""

    def wrong(function, arrays, options):
        arrays = [*arrays]
        if (change := changes.get(space_of(side, options))) is not None:
            given = arrays[side]
            arrays[side] = change(given).astype(given.dtype)
        return function(*arrays, **options)

    return wrong


def takes_tiny_for_0(side):
    return takes(
        side,
        probabilities=lambda it: np.where((it > 0) & (it < LEAST), 0, it),
        log_probabilities=lambda it: np.where(it < math.log(LEAST), -np.inf, it),
    )


def hides_infinity(side):
    def hidden(given):
        return np.where(np.isposinf(given), 1, given)

    return takes(side, probabilities=hidden, log_probabilities=hidden)


def clips_at_1(side):
    return takes(
        side,
        probabilities=lambda it: np.minimum(it, 1),
        log_probabilities=lambda it: np.minimum(it, 0),
    )


def flushes_below(least):
    return spoils(lambda found: np.where(np.abs(found) < least, 0, found), lambda *_: True)


def takes_upstream(is_odd, instead):
    """Upstream derivatives of a kind that are taken for another number."""

    def wrong(function, arrays, options):
        given = np.asarray(options["upstream"])
        changed = np.where(is_odd(given), instead, given).astype(given.dtype)
        upstream = changed if given.ndim else float(changed)
        return function(*arrays, **options | {"upstream": upstream})

    return wrong


def is_0(given):
    return given == 0


def is_out_of_order(_, arrays, options):
    axis = options.get("axis")
    return axis == (2, 0) and arrays[0].ndim == 3


def has_three_of_four(_, arrays, options):
    axis = options.get("axis")
    return isinstance(axis, tuple) and (len(axis), arrays[0].ndim) == (3, 4)


def other_bits(holds):
    """The last bit of a reproducible loss."""
    return spoils(
        one_ulp_down,
        lambda _, arrays, options: options.get("reproducible") is True and holds(arrays, options),
    )


def has_two_dtypes(arrays, _):
    return arrays[0].dtype != arrays[1].dtype


def has_dtype_asked(_, options):
    return options.get("dtype") is not None


def has_own_upstream(_, options):
    return np.ndim(options.get("upstream")) > 0


def has_three_dimensions(arrays, options):
    return arrays[0].ndim == 3 and options.get("axis") is not None


def has_axis_first(arrays, options):
    return arrays[0].ndim == 3 and options.get("axis") == 0


def has_axis_between(arrays, options):
    return arrays[0].ndim == 3 and options.get("axis") == 1


def has_axis_and_mask(_, options):
    return options.get("axis") not in {None, -1} and options.get("where") is not None


# Kinds, and the functions in which a value, and a derivative, that is wrong so is convicted.
KINDS = {
    "tiny targets": (takes_tiny_for_0(LAST), ("js_div", KL, JS, LINEAR), EVERY[1:]),
    "tiny inputs": (takes_tiny_for_0(FIRST), ("js_div",), TABLES),
    "values below 1e-12": (flushes_below(1e-12), ("js_div", SPARSE, LINEAR), ()),
    "derivatives below 1e-12": (flushes_below(1e-12), (), EVERY),
    "derivatives below 1e-30": (flushes_below(1e-30), (), EVERY),
    "infinite targets": (hides_infinity(LAST), EVERY, (KL, LINEAR)),
    "infinite inputs": (hides_infinity(FIRST), TABLES, ()),
    "inputs above 1": (clips_at_1(FIRST), TABLES, ("js_div",)),
    "times NaN": (takes_upstream(np.isnan, 1), (), EVERY),
    "times infinity": (takes_upstream(np.isinf, 1), (), ("kl_div",)),
    "times 0 is NaN": (takes_upstream(is_0, math.nan), (), EVERY),
    "times 0 is times 1": (takes_upstream(is_0, 1), (), EVERY),
    "axes out of order": (off_where(is_out_of_order), ("js_div",), TABLES),
    "three axes of four": (off_where(has_three_of_four), ("js_div",), TABLES),
    "bits of two dtypes": (other_bits(has_two_dtypes), OF_SAME_BITS, OF_SAME_BITS),
    "bits of a dtype": (other_bits(has_dtype_asked), OF_SAME_BITS, OF_SAME_BITS),
    "bits times an array": (other_bits(has_own_upstream), (), OF_SAME_BITS),
    "bits of three axes": (other_bits(has_three_dimensions), OF_SAME_BITS, OF_SAME_BITS),
    "bits along the first": (other_bits(has_axis_first), OF_SAME_BITS, OF_SAME_BITS),
    "bits along the second": (other_bits(has_axis_between), OF_SAME_BITS, OF_SAME_BITS),
    "bits of a mask": (other_bits(has_axis_and_mask), OF_SAME_BITS, OF_SAME_BITS),
}
CASES = [
    (which, name, kind)
    for which, (_, *of_kinds) in KINDS.items()
    for kind, names in zip((VALUE, GRADIENT), of_kinds, strict=True)
    for name in names
]


@pytest.mark.few(6, 12)
@pytest.mark.parametrize(("which", "name", "kind"), CASES)
def test_what_is_wrong_at_rare_numbers_and_calls_is_convicted(which, name, kind):
    assert convicted(KINDS[which][0], name, kind)
