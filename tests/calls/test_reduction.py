"""Reductions by their names, and their divisors."""

import warnings

import pytest

from kldiv_xp import KLDivWarning
from kldiv_xp.calls.reduction import REDUCTIONS, divisor, resolve_reduction
from kldiv_xp.checks.legacy_flags import legacy_reduction

TRUTH_TABLE = [
    (True, None, "mean"),
    (False, None, "sum"),
    (None, True, "mean"),
    (None, False, "none"),
    (True, True, "mean"),
    (True, False, "none"),
    (False, True, "sum"),
    (False, False, "none"),
]


@pytest.mark.parametrize(("size_average", "reduce", "expected"), TRUTH_TABLE)
def test_legacy_truth_table(size_average, reduce, expected):
    assert legacy_reduction(size_average, reduce) == expected


@pytest.mark.parametrize(("size_average", "reduce", "expected"), TRUTH_TABLE)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_legacy_arguments_override_the_reduction_and_say_so_where_it_is_another_one(
    size_average, reduce, expected, reduction
):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert resolve_reduction(size_average, reduce, reduction) == expected
    found = [(w.category, str(w.message)) for w in caught]
    assert found[0] == (
        DeprecationWarning,
        "size_average and reduce args will be deprecated, "
        f"please use reduction='{expected}' instead.",
    )
    twice = {"batchmean": ", while torch.nn.functional.kl_div divides by the batch size as well"}
    overridden = (
        KLDivWarning,
        f"size_average and reduce override reduction='{reduction}' with '{expected}'"
        f"{twice.get(reduction, '')}: leave the two flags out, and pass reduction= alone.",
    )
    # 'mean' is the default, which nobody may have given.
    assert found[1:] == ([] if reduction in ("mean", expected) else [overridden])


def test_without_legacy_arguments_the_reduction_stands_and_nothing_warns(reduction):
    assert resolve_reduction(None, None, reduction) == reduction


NEAR = {
    **dict.fromkeys(("batch_mean", "batch-mean", "BatchMean", "batch", "batchmaen"), "batchmean"),
    **dict.fromkeys(("mean_batch", "Mean-Batch"), "batchmean"),
    **dict.fromkeys(("add", "Total"), "sum"),
    **dict.fromkeys(("raw", "elementwise"), "none"),
    **dict.fromkeys(
        ("avg", "average", "Mean", "tokenmean", "elementwise_mean", "mean_per_token"), "mean"
    ),
    **dict.fromkeys((("mean",), b"mean"), "mean"),
    **dict.fromkeys(("SUM", "summ"), "sum"),
    **dict.fromkeys((None, "None"), "none"),
    **dict.fromkeys(("", "x", 1), None),
}


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "auto"])
def test_reduction_of_keras_is_the_mean_of_all_distributions(reduction):
    with pytest.raises(ValueError, match="reduction") as caught:
        resolve_reduction(None, None, reduction)
    meant = "did you mean 'mean', that of all distributions, of kl_div with axis=-1?"
    assert str(caught.value).endswith(f"got {reduction!r}: {meant}")


@pytest.mark.parametrize("reduction", NEAR)
def test_unknown_reduction_names_the_four_and_the_nearest(reduction):
    with pytest.raises(ValueError, match="reduction") as caught:
        resolve_reduction(None, None, reduction)
    assert str(caught.value) == (
        f"`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got {reduction!r}"
        f"{f': did you mean {NEAR[reduction]!r}?' if NEAR[reduction] else '.'}"
    )


def test_reduction_in_the_place_of_a_flag_is_told_where_it_belongs():
    with pytest.raises(TypeError) as caught:
        resolve_reduction("batchmean", None, "mean")
    assert str(caught.value) == (
        "`size_average` must be True, False or None; got 'batchmean': "
        "pass a reduction by keyword, reduction='batchmean'."
    )


def test_flag_that_is_no_bool_is_refused():
    with pytest.raises(TypeError) as caught:
        resolve_reduction(None, 1, "mean")
    assert (
        str(caught.value)
        == "`reduce` must be True, False or None; got 1: leave it out, and pass reduction='mean'."
    )


@pytest.mark.parametrize(
    ("reduction", "shape", "expected"),
    [
        ("none", (2, 3), None),
        ("sum", (2, 3), None),
        ("mean", (1, 1), 1),
        ("mean", (2, 0), 0),
        ("batchmean", (0, 2), 0),
        ("mean", (2, 3), 6),
        ("mean", (), 1),
        ("batchmean", (2, 3), 2),
        ("batchmean", (), 1),
        ("batchmean", (2, 0), 2),
        ("batchmean", (2, None), 2),
        ("sum", (None,), None),
    ],
)
def test_divisor(reduction, shape, expected):
    assert divisor(reduction, shape) == expected


@pytest.mark.parametrize(("reduction", "shape"), [("mean", (2, None)), ("batchmean", (None, 2))])
def test_size_that_is_not_known_yet_cannot_divide(reduction, shape):
    with pytest.raises(ValueError, match="not known yet") as caught:
        divisor(reduction, shape)
    assert str(caught.value) == (
        f"reduction={reduction!r} divides by the size of `input`, whose shape {shape} is not "
        "known yet: compute it first (Dask: compute_chunk_sizes()), or use reduction='sum'."
    )
