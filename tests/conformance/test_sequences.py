"""Losses that are right in a call of their own, and wrong where others come before or after."""

import numpy as np
import pytest

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, find, judge, vectors
from kldiv_conformance._common_cause import common_cause
from kldiv_conformance._explanations import explained
from kldiv_conformance._implementations import FUNCTIONS
from kldiv_conformance._sequences import asked_again
from kldiv_xp import kl_div

WRITTEN = "the same arrays hold other numbers than in the call before: value is another one."
LENT = "the call changed the result of the call before, which must stay as it was."
ASKED = [find(it) for it in sorted(asked_again())]
OF_THE_LOSS = [it for it in ASKED if it.function is None]
VALUES = [it for it in OF_THE_LOSS if it.kind == "value"]
OURS = Implementation(
    "ours",
    kl_div,
    kldiv_xp.kl_div_gradient,
    {name: getattr(kldiv_xp, name) for name in FUNCTIONS},
)


def looked_up(*names):
    """A loss that keeps its results by the identities of arguments, which it holds."""
    kept = {}

    def loss(input, target, **options):
        arrays = {"input": input, "target": target}
        key = (*(id(arrays[name]) for name in names), repr(options))
        if key not in kept:
            kept[key] = arrays, kl_div(input, target, **options)
        return kept[key][1]

    return loss


def lending():
    """A loss that returns the same memory for calls of one shape."""
    lent = {}

    def loss(input, target, **options):
        found = kl_div(input, target, **options)
        place = lent.setdefault((found.shape, input.shape, repr(options)), np.empty_like(found))
        place[...] = found
        return place

    return loss


def judged(asked, backend, loss):
    return [judge(it, ADAPTERS[backend], Implementation("other", loss)) for it in asked]


def test_every_function_is_asked_for_each_reduction_and_kind_of_result():
    found = {(it.function, it.kind, it.arguments["reduction"]) for it in ASKED}
    assert len(found) == 47  # of js_div no mean of elements is that simple
    gradients = [it for it in ASKED if it.function is None and it.kind == "gradient"]
    spaces = {(it.arguments["reduction"], it.arguments["log_target"]) for it in gradients}
    assert len(spaces) == len(gradients) == 8
    assert {function for function, _, _ in found} >= {None, "linear_kl_div", "js_div"}


@pytest.mark.few(14, 92)
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("vector", ASKED, ids=str)
def test_right_functions_pass(vector, backend):
    if (reason := ADAPTERS[backend].reason_to_skip()) is not None:
        pytest.skip(reason)
    assert judge(vector, ADAPTERS[backend], OURS).verdict == "pass"


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("names", [("input",), ("target",), ("input", "target")])
def test_results_that_are_kept_by_identity_are_convicted(backend, names):
    if (reason := ADAPTERS[backend].reason_to_skip()) is not None:
        pytest.skip(reason)
    for outcome in judged(VALUES, backend, looked_up(*names)):
        assert outcome.verdict == "failure"
        assert outcome.detail == f"right in a call of its own, wrong where {WRITTEN}"
        assert outcome.values


def test_result_whose_memory_the_next_call_takes_is_convicted():
    for vector in VALUES:
        (outcome,) = judged([vector], "numpy", lending())
        assert (outcome.verdict, outcome.detail) == ("failure", LENT)


def test_other_calls_are_the_only_cause_that_is_told():
    lines = [it.to_json() for it in judged(VALUES, "numpy", looked_up("target"))]
    cause = "calls before or after: keep what a call needs with its own result alone"
    assert explained(lines) == ([f"4 failures come of {cause}."], [])
    assert common_cause(lines).startswith(f"all 4 failures come of {cause}; the first: right in")
    other = {**lines[1], "detail": "value is wrong."}
    more = "; other wrong numbers may come of the same"
    assert explained([*lines[:1], other])[0][0] == f"1 failure comes of {cause}{more}."
    assert explained(lines[:1]) == ([f"1 failure comes of {cause}."], [])


@pytest.mark.parametrize(
    ("error", "verdict", "detail"),
    [
        (NotImplementedError("once"), "not supported", "once"),
        (RuntimeError("again"), "failure", "must return a value, but raised RuntimeError: again"),
        (ValueError("again"), "failure", "must return a value, but raised ValueError: again"),
    ],
)
def test_sequence_that_is_refused_is_told_as_other_calls_are(error, verdict, detail):
    calls = []

    def once(input, target, **options):
        calls.append(input)
        if len(calls) % 2 == 0:
            raise error
        return kl_div(input, target, **options)

    (outcome,) = judged(VALUES[:1], "numpy", once)
    assert outcome.verdict == verdict
    assert detail in outcome.detail


def compiled_once(*held):
    """A loss that keeps what it compiled for the first call of a shape, some operands with it."""
    kept = {}

    def loss(input, target, **options):
        arrays = {"input": input, "target": target}
        first = kept.setdefault((input.shape, repr(options)), arrays)
        return kl_div(**(arrays | {name: first[name] for name in held}), **options)

    return loss


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("held", ["input", "target"])
def test_a_compiled_function_that_holds_an_operand_is_told_as_that(backend, held):
    if (reason := ADAPTERS[backend].reason_to_skip()) is not None:
        pytest.skip(reason)
    for vector in VALUES:
        (outcome,) = judged([vector], backend, compiled_once(held))
        assert outcome.verdict == "failure"
        assert outcome.detail == (
            f"right in a call of its own, wrong where the call before had another {held}: "
            "its result is returned again."
        )


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "jax-jit"])
def test_a_compiled_function_that_holds_the_temperature_is_told_as_that(backend):
    if (reason := ADAPTERS[backend].reason_to_skip()) is not None:
        pytest.skip(reason)
    kept = {}

    def loss(input, target, *, temperature=1.0, **options):
        first = kept.setdefault((input.shape, repr(options)), temperature)
        return kldiv_xp.kl_div_with_logits(input, target, temperature=first, **options)

    functions = {"kl_div_with_logits": loss}
    outcome = judge(
        find("logits_001"), ADAPTERS[backend], Implementation("kept", None, functions=functions)
    )
    assert outcome.detail == (
        "right in a call of its own, wrong where the call before had another temperature: "
        "its result is returned again."
    )


@pytest.mark.parametrize("every", [2, 3, 7])
def test_a_loss_that_counts_its_calls_is_not_told_to_depend_on_the_layout(every):
    calls = []

    def loss(input, target, **options):
        calls.append(None)
        return kl_div(input, target, **options) * (1.5 if len(calls) % every == 0 else 1)

    asked = [it for it in vectors("ordinary") if it.id not in asked_again()]
    lines = [it.to_json() for it in judged(asked, "numpy", loss)]
    failed = [it["detail"] for it in lines if it["verdict"] == "failure"]
    again = "right when it is asked again, wrong at first, so that it depends on the calls before"
    assert failed
    assert all(detail.startswith(again) for detail in failed)
    assert " what is kept between calls: " in explained(lines)[0][0]
