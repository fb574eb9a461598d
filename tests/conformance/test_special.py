"""Losses that are wrong for special numbers alone: rows far apart, NaN, infinities, counts."""

import numpy as np
import pytest
from conformance_spoiled import GRADIENT, VALUE, convicted, off_where

from kldiv_conformance._implementations import DIVERGENCES

KL, JS, SPARSE, LINEAR = (*DIVERGENCES[:2], "sparse_kl_div_with_logits", "linear_kl_div")
LOGITS = (KL, JS, SPARSE, LINEAR)


def takes_one_largest_logit(name, arrays, options):
    logits = arrays[0]
    if not logits.size or not np.isfinite(logits).all():
        return False
    if name.startswith(LINEAR):
        logits = logits @ arrays[1].T
    largest = logits.max(axis=options.get("axis", -1))
    apart = (largest.max() - largest.min()) / options["temperature"]
    return apart > {2: 16, 4: 103, 8: 745}[logits.dtype.itemsize]


def hides_what_is_no_probability(function, arrays, options):
    *others, target = arrays
    if options.get("target_is") == "probabilities" or options.get("log_target") is False:
        target = np.where(target > 0, target, target.dtype.type(0))
    else:
        instead = 0 if options.get("target_is") == "logits" else -np.inf
        target = np.where(np.isnan(target), target.dtype.type(instead), target)
    return function(*others, target, **options)


def hides_of(**wanted):
    """The same of some kinds of target alone."""

    def wrong(function, arrays, options):
        if any(options.get(name) != value for name, value in wanted.items()):
            return function(*arrays, **options)
        return hides_what_is_no_probability(function, arrays, options)

    return wrong


def adds_up_in_float16(reduction):
    def wrong(function, arrays, options):
        is_elementwise = function.__name__ == "kl_div" and options.get("axis") is None
        if arrays[0].dtype != np.float16 or options["reduction"] != reduction or is_elementwise:
            return function(*arrays, **options)
        losses = function(*arrays, **options | {"reduction": "none"}).ravel()
        if losses.size < 2 or options.get("where") is not None:
            return function(*arrays, **options)
        total = np.add.accumulate(losses)[-1]
        return np.asarray(total if reduction == "sum" else total / losses.size, np.float16)[()]

    return wrong


def counts_in_float16(*, masked):
    def wrong(function, arrays, options):
        found, mask = function(*arrays, **options), options.get("where")
        is_asked = options["reduction"] == "mean" and (mask is not None) == masked
        if arrays[0].dtype != np.float16 or not is_asked:
            return found
        count = mask.sum() if masked else arrays[0].shape[0]
        return found if count <= 65504 else np.float16(0)

    return wrong


def loses_the_last_words(block):
    def wrong(function, arrays, options):
        hidden, weight, target = arrays
        words, of_teacher = len(weight) // block * block, options.get("target_weight")
        if of_teacher is None or not words:
            return function(*arrays, **options)
        given = {"target_weight": of_teacher[:words]}
        return function(hidden, weight[:words], target, **options | given)

    return wrong


def clamps_at(beta):
    def wrong(function, arrays, options):
        found = function(*arrays, **options)
        if options["beta"] != beta:
            return found
        return np.where(np.isinf(found), found.dtype.type(1e4), found)[()]

    return wrong


def rounds_the_temperature(function, arrays, options):
    return function(*arrays, **options | {"temperature": float(np.float32(options["temperature"]))})


def has_an_answer_for_nothing(reduction):
    def wrong(function, arrays, options):
        found = function(*arrays, **options)
        is_empty = arrays[0].size == 0 and options["reduction"] == reduction
        return found.dtype.type(7) if is_empty else found

    return wrong


def has_indices_of_int8(name, arrays, options):
    return options.get("indices", arrays[1]).dtype == np.int8


def is_of_float16(reduction):
    return lambda _, arrays, options: (
        arrays[0].dtype == np.float16 and options["reduction"] == reduction
    )


HIDDEN = hides_what_is_no_probability
ONE_LARGEST = off_where(takes_one_largest_logit)
CASES = [
    *((ONE_LARGEST, name, kind) for name in LOGITS for kind in (VALUE, GRADIENT)),
    *((HIDDEN, name, VALUE) for name in (*LOGITS, "js_div")),
    *(
        (hides_of(target_is=it), name, VALUE)
        for name in (KL, JS)
        for it in ("probabilities", "log_probabilities")
    ),
    *(
        (hides_of(target_is="probabilities", tail=it), SPARSE, VALUE)
        for it in ("bucket", "zero", "renormalize")
    ),
    *((hides_of(target_is="log_probabilities", tail="bucket"), SPARSE, VALUE),),
    (hides_of(target_is="logits", target_weight=None), LINEAR, VALUE),
    (hides_of(target_is="logits"), LINEAR, VALUE),
    *((hides_of(log_target=it), "js_div", VALUE) for it in (True, False)),
    *(
        (adds_up_in_float16(it), name, VALUE)
        for name in ("kl_div", "js_div", JS, SPARSE, LINEAR)
        for it in ("sum", "mean")
    ),
    *((counts_in_float16(masked=True), name, VALUE) for name in ("kl_div", KL, SPARSE, LINEAR)),
    *((counts_in_float16(masked=False), name, VALUE) for name in ("kl_div", KL)),
    *((loses_the_last_words(it), LINEAR, VALUE) for it in (2048, 4096, 8192)),
    *((clamps_at(it), name, VALUE) for name in ("js_div", JS, LINEAR) for it in (0, 1)),
    *((rounds_the_temperature, name, VALUE) for name in (SPARSE, LINEAR)),
    *(
        (has_an_answer_for_nothing(it), name, VALUE)
        for name in (KL, JS)
        for it in ("mean", "batchmean")
    ),
    *(
        (has_an_answer_for_nothing(it), name, VALUE)
        for name in ("js_div", LINEAR)
        for it in ("sum", "mean", "batchmean")
    ),
    *((off_where(has_indices_of_int8), name, VALUE) for name in (SPARSE, LINEAR)),
    (off_where(has_indices_of_int8), SPARSE, GRADIENT),
    *((off_where(is_of_float16("none")), name, GRADIENT) for name in LOGITS),
    *((off_where(is_of_float16("mean")), name, GRADIENT) for name in ("js_div", SPARSE, LINEAR)),
]


@pytest.mark.few(2, 4)
@pytest.mark.parametrize(("wrong", "name", "kind"), CASES)
def test_what_is_wrong_for_special_numbers_alone_is_convicted(wrong, name, kind):
    assert convicted(wrong, name, kind)
