"""Flags whose own vectors pass, or that show in every training, are not told of other faults."""

import numpy as np
import pytest

from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._suspects import suspects
from kldiv_xp import kl_div, kl_div_gradient

OF_LOSS = [
    it
    for it in vectors()
    if it.function is None
    and it.kind != "invalid"
    and set(it.arguments) == {"reduction", "log_target"}
    and it.where is None
    and it.group in {"ordinary", "zeros_and_infinities", "log_target", "gradients"}
]


def nan_by_input(input, target, found):
    """NaN by the input, where the input is NaN, where it is no function of it."""
    return np.where(np.isnan(input), np.nan, found[0]), found[1]


def number_by_target(input, target, found):
    """A number by a target that is NaN."""
    return found[0], np.where(np.isnan(target), 1, found[1])


def both_of_them(input, target, found):
    return number_by_target(input, target, nan_by_input(input, target, found))


@pytest.mark.parametrize(
    ("fault", "flags"),
    [
        (nan_by_input, []),
        (number_by_target, ["MissingValue"]),
        (both_of_them, ["MissingValue"]),
    ],
)
def test_a_gradient_that_is_wrong_at_nan_alone_is_accused_of_no_bug_of_every_training(fault, flags):
    def gradient(input, target, **options):
        right = kl_div_gradient(input, target, **options)
        found = fault(input, target, right)
        return tuple(it.astype(one.dtype) for it, one in zip(found, right, strict=True))

    loss = Implementation("wrong", kl_div, gradient, {})
    lines = [judge(it, ADAPTERS["numpy"], loss).to_json() for it in OF_LOSS]
    assert any(it["verdict"] == "failure" for it in lines)
    assert [it.flag for it in suspects(lines)] == flags


def test_a_plain_log_softmax_is_told_nearly_equal_logits_and_no_epsilon():
    def log_softmax(logits):
        shifted = logits - logits.max(-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))

    def plain(input, target, *, temperature, reduction):
        x, t = (it.astype("float64") / temperature for it in (input, target))
        log_p, log_q = log_softmax(t), log_softmax(x)
        p = np.exp(log_p)
        found = np.where(p == 0, 0, p * (log_p - log_q)).sum(-1) * temperature**2
        found = {"none": found, "batchmean": found.sum() / max(1, len(input))}.get(reduction)
        if found is None:
            raise NotImplementedError
        return np.asarray(found, np.result_type(input, target))

    loss = Implementation("plain", None, functions={"kl_div_with_logits": plain})
    asked = [
        it
        for it in vectors()
        if (it.function, it.kind) == ("kl_div_with_logits", "value")
        and it.group in {"logits", "nearly_equal", "rare_calls"}
    ]
    with np.errstate(all="ignore"):
        lines = [judge(it, ADAPTERS["numpy"], loss).to_json() for it in asked]
    assert [it.flag for it in suspects(lines)] == ["NearlyEqualLogits"]
