"""Losses that are wrong where three properties stand together, and right where two of them do."""

import numpy as np
import pytest
from conformance_spoiled import GRADIENT, VALUE, convicted, off_where, spoils

OTHERS = {"log_input", "generalized", "reproducible", "dtype", "size_average", "reduce"}
HALF, SINGLE, DOUBLE = np.float16, np.float32, np.float64


def plain(arrays, options):
    """Whether torch's loss is called, without axis and mask."""
    return not (OTHERS | {"axis", "where"}) & options.keys()


def of(axes, *reductions, dtype=None, log=None):
    """Calls of torch's loss with so many axes, and these reductions."""

    def holds(_, arrays, options):
        return (
            plain(arrays, options)
            and arrays[0].ndim == axes
            and options["reduction"] in (reductions or {options["reduction"]})
            and dtype in (None, arrays[0].dtype)
            and log in (None, options["log_target"])
        )

    return holds


def with_mask(holds):
    def masked(_, arrays, options):
        mask = options.get("where")
        return mask is not None and not OTHERS & options.keys() and holds(arrays, options, mask)

    return masked


def is_logarithmic(reduction):
    return with_mask(
        lambda arrays, options, _: (
            options.get("axis") is None
            and options["log_target"]
            and arrays[0].dtype == SINGLE == arrays[1].dtype
            and options["reduction"] == reduction
        )
    )


def are_two(dtypes):
    return dtypes[0].dtype != dtypes[1].dtype


def own(holds):
    """Calls with an upstream derivative of each element of which something holds."""

    def of_each(_, arrays, options):
        given = np.asarray(options.get("upstream"))
        return bool(given.ndim) and holds(arrays, given)

    return of_each


def is_small(_, arrays, options):
    given = np.asarray(options["upstream"])
    return given.ndim == 0 and 0 < abs(given) < 1e-3 and plain(arrays, options)


def without_classes(_, arrays, options):
    axis = options.get("axis")
    return isinstance(axis, int) and arrays[0].shape[axis] == 0


def divides_by_half(function, arrays, options):
    found = function(*arrays, **options)
    if of(2, "batchmean", dtype=HALF)(None, arrays, options) and len(arrays[0]):
        wide = (it.astype(DOUBLE) for it in arrays)
        total = function(*wide, **{**options, "reduction": "sum"})
        return np.asarray(total / float(HALF(len(arrays[0]))), HALF)[()]
    return found


tail_mask = with_mask(
    lambda arrays, options, mask: (
        isinstance(options.get("axis"), tuple) and mask.ndim < arrays[0].ndim
    )
)
OF_VALUES = {
    **{f"no axes, {it}": of(0, it) for it in ("none", "sum", "mean", "batchmean")},
    "batchmean of one axis, log": of(1, "batchmean", log=True),
    "mean of one axis, log": of(1, "mean", log=True),
    "batchmean of one axis, float16": of(1, "batchmean", dtype=HALF),
    "batchmean of one axis, a mask": with_mask(
        lambda arrays, options, _: arrays[0].ndim == 1 and options["reduction"] == "batchmean"
    ),
    "two dtypes, an axis": lambda _, arrays, options: (
        are_two(arrays)
        and options.get("axis") is not None
        and not OTHERS & options.keys()
        and arrays[0].dtype == SINGLE
    ),
    "two dtypes, a mask": with_mask(
        lambda arrays, options, _: are_two(arrays) and arrays[0].dtype == SINGLE
    ),
    "one entry selected": with_mask(
        lambda arrays, options, mask: mask.sum() == 1 and mask.shape == arrays[0].shape
    ),
    "one sample selected": with_mask(
        lambda arrays, options, mask: mask.sum() == 1 and mask.shape != arrays[0].shape
    ),
    "a mask without axes (1, 2)": tail_mask,
    "mean of three axes": of(3, "mean", dtype=SINGLE, log=False),
    "six axes": of(6),
    **{f"log, a mask, {it}": is_logarithmic(it) for it in ("none", "mean", "batchmean")},
}
OF_GRADIENTS = {
    "an array of float16": own(lambda arrays, given: given.dtype == HALF == arrays[0].dtype),
    "an array that is broadcast": own(lambda _, given: 0 in given.strides),
    "above 100 terms": lambda _, arrays, options: (
        plain(arrays, options) and options["reduction"] == "none" and arrays[0].size > 100
    ),
    "above 1100 numbers of float64": lambda _, arrays, options: (
        plain(arrays, options) and arrays[0].dtype == DOUBLE and arrays[0].size > 1100
    ),
    "a small factor": is_small,
    "three axes, log": of(3, "batchmean", log=True),
    "five axes": of(5),
}


@pytest.mark.parametrize("which", OF_VALUES)
def test_value_that_is_wrong_of_a_triple_alone_is_convicted(which):
    assert convicted(off_where(OF_VALUES[which]), "kl_div", VALUE)


@pytest.mark.parametrize("which", OF_GRADIENTS)
def test_gradient_that_is_wrong_of_a_triple_alone_is_convicted(which):
    assert convicted(off_where(OF_GRADIENTS[which]), "kl_div", GRADIENT)


def test_number_of_samples_that_is_rounded_to_float16_is_convicted():
    assert convicted(divides_by_half, "kl_div", VALUE)


def test_anything_but_0_of_samples_without_classes_is_convicted():
    assert convicted(spoils(lambda found: found + 1, without_classes), "kl_div", VALUE)
