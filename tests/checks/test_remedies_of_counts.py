"""Counts in the place of distributions: remedies of every function lead to their divergence."""

import re

import numpy as np
import pytest
from checks.following_remedies import made
from numpy.testing import assert_allclose
from words import counted, follow

from kldiv_xp import (
    diagnose,
    js_div,
    js_div_gradient,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
    linear_kl_div_gradient,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)

COUNTS = {"input": np.asarray([[3, 5, 8], [1, 4, 4]]), "target": np.asarray([[2, 4, 4], [3, 3, 6]])}
PLACES = np.asarray([[0, 1, 2], [2, 1, 0]])
WEIGHT = np.eye(3)
TABLES = {"log_input": False}
# Function, its options, and the spaces that input and target are taken for.
CALLS = {
    "kl_div": (kl_div, {"reduction": "sum"}, "lp"),
    "kl_div of tables": (kl_div, TABLES | {"reduction": "sum"}, "pp"),
    "kl_div of log-targets": (kl_div, {"reduction": "sum", "log_target": True}, "ll"),
    "kl_div_gradient": (kl_div_gradient, TABLES | {"reduction": "sum"}, "pp"),
    "js_div": (js_div, TABLES, "pp"),
    "js_div_gradient": (js_div_gradient, TABLES, "pp"),
    "kl_div_with_logits": (kl_div_with_logits, {}, "ll"),
    "kl_div_with_logits of probabilities": (
        kl_div_with_logits, {"target_is": "probabilities"}, "lp"),
    "js_div_with_logits": (js_div_with_logits, {}, "ll"),
    "kl_div_with_logits_gradient": (kl_div_with_logits_gradient, {}, "ll"),
    "js_div_with_logits_gradient": (js_div_with_logits_gradient, {}, "ll"),
    "sparse_kl_div_with_logits": (sparse_kl_div_with_logits, {"indices": PLACES}, "ll"),
    "sparse_kl_div_with_logits_gradient": (
        sparse_kl_div_with_logits_gradient, {"indices": PLACES}, "ll"),
    "linear_kl_div_gradient": (
        linear_kl_div_gradient, {"weight": WEIGHT, "target_is": "probabilities"}, " p"),
    "linear_kl_div": (linear_kl_div, {"weight": WEIGHT, "target_is": "probabilities"}, " p"),
    "diagnose": (diagnose, TABLES, "pp"),
}  # fmt: skip
COUNTED = r"if these are (?:one-hot labels or )?counts, (?:[a-z ]+:|pass their shares,) (.+?)"
COUNTED += r"(?:, with (target_is='probabilities'))?(?:; if they are logits, .+)?\.$"


def shares(counts, axis=-1):
    return counts / counts.sum(axis=axis, keepdims=True)


def answer(function, operands, options):
    options = dict(options)
    others = {name: options.pop(name) for name in ("indices", "weight") if name in options}
    return function(**operands, **others, **options)


def meant(backend, options, spaces):
    """Options as arrays of a backend, and the operands that are meant."""
    options = {
        name: made(backend, one) if isinstance(one, np.ndarray) else one
        for name, one in options.items()
    }
    operands = {}
    for (name, counts), space in zip(COUNTS.items(), spaces, strict=True):
        table = np.log(shares(counts)) if space == "l" else shares(counts)
        operands[name] = backend.array(table)
    return options, operands


def first(found):
    return found[0] if isinstance(found, tuple) else found


@pytest.mark.few(43, 37)
@pytest.mark.parametrize("call", CALLS)
def test_counts_lead_to_the_divergence_of_their_shares(holding_backend, call):
    backend = holding_backend
    function, options, spaces = CALLS[call]
    options, right = meant(backend, options, spaces)
    operands = {
        name: made(backend, counts) if space in "lp" else right[name]
        for (name, counts), space in zip(COUNTS.items(), spaces, strict=True)
    }
    if function is diagnose:
        for finding, name in zip(diagnose(**operands, **options).findings, COUNTS, strict=True):
            assert re.search(COUNTED, finding.message)[1] == counted(backend, name)
        return
    for name, space in zip(COUNTS, spaces, strict=True):
        if space in "lp":
            with pytest.raises(TypeError, match=f"`{name}` must have a real") as caught:
                answer(function, operands, options)
            code, kind = re.search(COUNTED, str(caught.value)).groups()
            assert code == counted(backend, name, log=space == "l" and not kind)
            operands = follow(code, **operands)
            options = options | ({"target_is": "probabilities"} if kind else {})
    found = backend.read(first(answer(function, operands, options)))
    options, right = meant(backend, *CALLS[call][1:])
    assert_allclose(found, backend.read(first(answer(function, right, options))), rtol=2e-5)


def test_divergence_of_two_tables_of_counts_is_that_of_their_shares():
    """Both converted by astype gave 108.5 for 0.117 nats, and no warning."""
    q, p = (shares(one) for one in COUNTS.values())
    assert kl_div(q, p, log_input=False, reduction="sum") == pytest.approx(
        np.sum(p * np.log(p / q))
    )


@pytest.mark.parametrize("axis", [0, (0, 1)])
def test_counts_are_divided_by_their_sum_along_the_axes_of_the_call(axis):
    operands = COUNTS | {"input": shares(COUNTS["input"], axis)}
    with pytest.raises(TypeError, match="counts") as caught:
        kl_div(**operands, axis=axis, log_input=False)
    operands = follow(re.search(COUNTED, str(caught.value))[1], **operands)
    assert_allclose(operands["target"], shares(COUNTS["target"], axis))


def test_measures_of_integers_are_not_divided():
    with pytest.raises(TypeError, match="real floating") as caught:
        kl_div(**COUNTS, log_input=False, generalized=True)
    assert str(caught.value).endswith('got int64: convert it with input.astype("float32").')


@pytest.mark.parametrize("function", [sparse_kl_div_with_logits, linear_kl_div, diagnose])
def test_values_of_a_top_k_in_the_place_of_indices_are_told(holding_backend, function):
    backend = holding_backend
    p = backend.array(shares(COUNTS["target"]))
    others = {"input": backend.array(np.log(shares(COUNTS["input"]))), "target_is": "probabilities"}
    if function is linear_kl_div:
        others["weight"] = backend.array(WEIGHT)
    indices, target = p, made(backend, PLACES)
    with pytest.raises(TypeError, match="swapped") as caught:
        function(indices=indices, target=target, **others)
    assert str(caught.value) == (
        f"`indices` and `target` seem to be swapped; got {p.dtype} and {target.dtype}: top-k "
        "functions return the values first, so pass indices=target and target=indices."
    )
    indices, target = target, indices
    assert function(indices=indices, target=target, **others) is not None


@pytest.mark.parametrize(
    ("entries", "remedy", "mended"),
    [
        ([0.5, None], "put a number in the place of None at (1,), then convert", [0.5, 0.5]),
        (["0.5", "much"], "put a number in the place of 'much' at (1,), then convert", ["0.5"] * 2),
        ([[0.5], [0.5, 1.0]], "pad its rows to one length and take numpy.stack(target), then convert",  # noqa: E501
         [[0.5, 0.0], [0.5, 1.0]]),
        ([0.5, 0.5], "convert", [0.5, 0.5]),
    ],
)  # fmt: skip
def test_first_entry_of_objects_that_is_no_number_is_told(entries, remedy, mended):
    with pytest.raises(TypeError, match="real floating") as caught:
        kl_div(np.zeros(2), np.asarray(entries, dtype=object))
    assert str(caught.value) == (
        f"`target` must have a real floating-point dtype; got object: {remedy} it with "
        'target.astype("float32").'
    )
    target = np.asarray(mended, dtype=object).astype("float32")
    assert np.isfinite(kl_div(np.zeros(target.shape), target, reduction="sum"))
