"""The values of a diagnosis are those of the loss with the same axis and mask."""

import numpy as np
import pytest

from kldiv_xp import KLDivInputError, checking, diagnose, js_div, kl_div

MASK = np.asarray([[True, True, False], [True, False, False]])
P3, Q3 = np.random.default_rng(4).dirichlet(np.ones(4), size=(2, 2, 3))
LOG_Q3 = np.log(Q3)
# Axis of the distributions, what is moved there, the mask, and what is expected of the reductions.
LOSSES = {
    "the last axis": (-1, None, lambda d: (d.sum() / 2, d.mean())),
    "the first axis": (0, None, lambda d: (d.sum() / 2, d.mean())),
    "an axis in between": (1, None, lambda d: (d.sum() / 2, d.mean())),
    "a mask": (-1, MASK, lambda d: (d[MASK].sum() / 2, d[MASK].mean())),
    "a mask along the first axis": (0, MASK, lambda d: (d[MASK].sum() / 2, d[MASK].mean())),
}


def sums(axis):
    return np.sum(P3 * (np.log(P3) - LOG_Q3), axis=axis)


def arrays(backend, *values):
    return [backend.array(one) for one in values]


@pytest.mark.parametrize("case", LOSSES)
def test_values_with_an_axis_are_those_of_the_loss_with_it(holding_backend, case):
    backend = holding_backend
    axis, mask, expected = LOSSES[case]
    operands = arrays(backend, *(np.moveaxis(one, -1, axis) for one in (LOG_Q3, P3)))
    options = {"axis": axis}
    if mask is not None:
        options["where"] = backend.array(np.expand_dims(1.0 * mask, axis)) != 0
    report = diagnose(*operands, **options)
    divergences = sums(-1)
    batchmean, mean = expected(divergences)
    assert report.values["batchmean"] == pytest.approx(batchmean)
    assert report.values["mean"] == pytest.approx(mean)
    for name, found in report.values.items():
        loss = kl_div(*operands, **options, reduction=name)
        assert found == pytest.approx(float(backend.read(loss)))
    assert report.of_samples
    assert report.scale[0].endswith(
        "; mean is sum divided by 3 selected samples, and the divergence of a sample."
        if mask is not None
        else "; mean is batchmean divided by 3, and the divergence of a sample."
    )


@pytest.mark.parametrize("axis", [(0, 1), (0, 2), (0, 1, 2), ()])
def test_values_over_several_axes_are_those_of_the_loss(axis):
    """Where the first axis is one of them, 'batchmean' divides by the first that is left."""
    values = diagnose(LOG_Q3, P3, axis=axis).values
    terms = sums(axis)
    assert values["batchmean"] == pytest.approx(terms.sum() / (*terms.shape, 1)[0])
    assert values["mean"] == pytest.approx(terms.mean())


def test_values_without_an_axis_are_those_of_the_loss_without():
    for mask in (None, MASK[..., None] & np.ones(4, bool)):
        report = diagnose(LOG_Q3, P3, where=mask)
        terms = (P3 * (np.log(P3) - LOG_Q3))[... if mask is None else mask]
        right = {"sum": terms.sum(), "batchmean": terms.sum() / 2, "mean": terms.mean()}
        assert report.values == pytest.approx(right)
        divided = (
            "batchmean divided by 12" if mask is None else "sum divided by 12 selected elements"
        )
        assert report.scale[0].endswith(f"; mean is {divided}, and not the divergence.")


def test_a_single_histogram_has_no_place_that_is_told():
    counts = np.asarray([2.0, 3.0]), np.asarray([4.0, 0.0]), np.zeros(2), np.asarray(np.nan)
    for operands, sentence in (
        (counts[:2], "`input` adds up to 5, not 1, along axis 0: divide it by its sum, "
                     "input / input.sum(axis=0, keepdims=True)."),
        (counts[1:3], "`target` holds nothing but 0 along axis 0, so there is no distribution: "
                      "leave padding out with where=."),
        (counts[3:] * 2, "`input` is nan, which makes the loss NaN: find out where it comes from, "
                         "or leave the sample out with where=."),
    ):  # fmt: skip
        found = [one.message for one in diagnose(*operands, log_input=False).findings]
        assert sentence in found
        assert not any("at ()" in one for one in found)


def test_a_count_is_not_told_as_a_probability():
    q, counts = np.asarray([[0.0, 1.0]]), np.asarray([[2.0, 3.0]])
    found = [one.message for one in diagnose(q, counts, log_input=False).findings]
    assert found[-1].startswith(
        "`input` is 0 at (0, 0), where `target` is 2, and at 1 entry in all, "
    )
    found = diagnose(q, np.log(counts / 5), log_input=False, log_target=True).findings
    assert found[-1].message.startswith(
        "`input` is 0 at (0, 0), where exp(target) is 0.4, and at 1 "
    )


def test_values_of_a_masked_loss_of_logits_say_what_mean_divides_by():
    report = diagnose(LOG_Q3, np.log(P3), input_is="logits", where=MASK)
    assert report.values["mean"] == pytest.approx(sums(-1)[MASK].mean())
    assert str(report).endswith(
        "mean is sum divided by 3 selected samples, and the divergence of a sample."
    )
    assert report.as_dict()["selected"] == 3


def test_a_check_of_tables_tells_the_loss_that_is_called():
    with checking(), pytest.raises(KLDivInputError) as caught:
        js_div(Q3, 2 * P3, log_input=False)
    assert caught.value.report.of_samples
    assert not diagnose(LOG_Q3, P3).of_samples
