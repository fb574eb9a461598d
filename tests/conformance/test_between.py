"""Losses that are wrong between the usual numbers of options, or at unusual axes and masks."""

import numpy as np
import pytest
from conformance_spoiled import GRADIENT, VALUE, convicted, off_where

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._implementations import DIVERGENCES

SPARSE, LINEAR = "sparse_kl_div_with_logits", "linear_kl_div"
LOGITS, OF_AXES = DIVERGENCES[:2], ("kl_div", "js_div", *DIVERGENCES[:3])
WIDE = (*LOGITS, SPARSE, LINEAR)


def convicted_where(name, kind, holds):
    """Whether the suite convicts a function that is off where `holds(arrays, options)`."""
    return convicted(off_where(lambda _, arrays, options: holds(arrays, options)), name, kind)


BOTH = [
    *(("js_div", "beta", *ends) for ends in ((0, 0.25), (0.5, 0.9), (0.9, 1))),
    *(("js_div_with_logits", "beta", *ends) for ends in ((0.3, 0.5), (0.5, 0.75))),
    *((LINEAR, "beta", *ends) for ends in ((0, 0.25), (0.5, 1))),
    *((name, "temperature", *ends) for name in WIDE for ends in ((0.5, 1), (1, 2))),
    *((name, "temperature", 3, 16) for name in (SPARSE, LINEAR)),
]
RANGES = [(*one, kind) for one in BOTH for kind in (VALUE, GRADIENT)]
RANGES.append(("js_div", "beta", 0.3, 0.5, VALUE))


@pytest.mark.few(1, 3)
@pytest.mark.parametrize(("name", "option", "low", "high", "kind"), RANGES)
def test_what_is_wrong_between_two_numbers_of_an_option_is_convicted(name, option, low, high, kind):
    assert convicted_where(name, kind, lambda _, options: low < options[option] < high)


def has_axis(axis, count):
    return lambda arrays, options: options.get("axis") == axis and arrays[0].ndim == count


def and_mask(holds):
    return lambda arrays, options: holds(arrays, options) and options.get("where") is not None


def has_mask(*, axes, last, reduction=None):
    """Masks of so many axes fewer than the operands, with a last axis of 1 or without."""

    def holds(arrays, options):
        mask = options.get("where")
        fits = mask is not None and options["reduction"] == (reduction or options["reduction"])
        return (
            fits
            and mask.ndim == axes
            and arrays[0].ndim == axes + (not last)
            and (mask.shape[-1] == 1) == last
        )

    return holds


def is_averaged(arrays, options):
    return has_axis(1, 4)(arrays, options) and options["reduction"] == "mean"


def has_axes_from_the_end(arrays, options):
    axes = options.get("axis")
    return isinstance(axes, tuple) and min(axes) < 0 and options.get("where") is not None


SENTENCES = has_mask(axes=3, last=True, reduction="sum")
PLACES = {
    "axis -1 of 4": (has_axis(-1, 4), OF_AXES, VALUE),
    "axis 0 of 4": (has_axis(0, 4), OF_AXES, GRADIENT),
    "axis 1 of 4, a mask": (and_mask(has_axis(1, 4)), OF_AXES, VALUE),
    "axis 1 of 4, 'mean'": (is_averaged, OF_AXES, VALUE),
    "axis -3 of 3": (has_axis(-3, 3), OF_AXES, VALUE),
    "axis -2 of 3": (has_axis(-2, 3), (*LOGITS, SPARSE), GRADIENT),
    "axes from the end, a mask": (has_axes_from_the_end, ("kl_div",), VALUE),
    "axes from the end, a mask, derivatives": (has_axes_from_the_end, ("js_div",), GRADIENT),
    "a mask of rows": (has_mask(axes=1, last=False), (*OF_AXES, LINEAR), VALUE),
    "a mask of words, 'sum'": (
        has_mask(axes=2, last=False, reduction="sum"),
        (*OF_AXES, LINEAR),
        VALUE,
    ),
    "a mask of words with an axis of 1, 'sum'": (SENTENCES, ("js_div", *LOGITS, SPARSE), VALUE),
}


@pytest.mark.few(1, 3)
@pytest.mark.parametrize(("place", "name"), [(it, name) for it in PLACES for name in PLACES[it][1]])
def test_what_is_wrong_at_axes_or_masks_of_a_kind_is_convicted(place, name):
    holds, _, kind = PLACES[place]
    assert convicted_where(name, kind, holds)


def is_wider(arrays, _):
    return (arrays[0].dtype, arrays[-1].dtype) == (np.float32, np.float64)


def has_short_indices(arrays, options):
    return options.get("indices", arrays[1]).dtype == np.int32


def names_one_entry(arrays, options):
    return options["tail"] == "zero" and arrays[1].shape[options["axis"]] == 1


DTYPES = [
    *((name, VALUE, is_wider) for name in ("js_div", SPARSE, LINEAR)),
    *((name, GRADIENT, is_wider) for name in ("js_div", SPARSE)),
    (SPARSE, GRADIENT, has_short_indices),
    *((LINEAR, kind, has_short_indices) for kind in (VALUE, GRADIENT)),
    (SPARSE, GRADIENT, names_one_entry),
]


@pytest.mark.few(1, 8)
@pytest.mark.parametrize(("name", "kind", "holds"), DTYPES)
def test_what_is_wrong_of_operands_of_a_kind_is_convicted(name, kind, holds):
    assert convicted_where(name, kind, holds)


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        *((name, "InvalidMask") for name in DIVERGENCES),
        *((name, "InvalidIndices") for name in (SPARSE, LINEAR)),
    ],
)
def test_a_loss_that_takes_what_it_should_refuse_is_convicted(name, flag):
    refused = [
        it for it in vectors("invalid_arguments") if it.function == name and flag in it.flags
    ]

    def loss(*arrays, **options):
        return np.zeros(())

    implementation = Implementation("wrong", None, None, {name: loss})
    outcomes = [judge(it, ADAPTERS["numpy"], implementation) for it in refused]
    assert len(outcomes) >= 4
    assert {it.verdict for it in outcomes} == {"failure"}


def test_wrong_indices_are_asked_where_the_numbers_of_arrays_are_at_hand():
    vector = next(it for it in vectors() if "InvalidIndices" in it.flags)
    outcome = judge(vector, ADAPTERS["array-api-strict"], Implementation("ours", None, None, {}))
    assert outcome.detail == (
        "wrong indices are asked of numpy and torch alone, whose numbers are at hand."
    )
