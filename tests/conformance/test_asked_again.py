"""Losses that are right as tests call them, and wrong without gradients or of one array."""

import random
import sys
import warnings

import numpy as np
import pytest

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, find, judge, vectors
from kldiv_conformance._again import MODES, TWO
from kldiv_conformance._sequences import asked_again
from kldiv_conformance._settings import settings
from kldiv_conformance._training import DOUBLE, SINGLE, TWO_TENSORS
from kldiv_xp import kl_div

ASKED = [find(it) for it in sorted(asked_again())]
VALUES, GRADIENTS = (
    [it for it in ASKED if it.function is None and it.kind == kind]
    for kind in ("value", "gradient")
)


def judged(backend, loss, asked=VALUES):
    if (reason := ADAPTERS[backend].reason_to_skip()) is not None:
        pytest.skip(reason)
    return [judge(it, ADAPTERS[backend], Implementation("other", loss)) for it in asked]


def within(mode):
    """A loss that takes another path within a mode of torch."""
    import torch

    off = {
        "torch.no_grad()": lambda: (
            not torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
        ),
        "torch.inference_mode()": torch.is_inference_mode_enabled,
        "where it is float64": lambda: torch.get_default_dtype() == torch.float64,
    }[mode.partition("wrong ")[2].removeprefix("under ")]

    def loss(input, target, **options):
        return kl_div(input, target, **options) * (1.0001 if off() else 1)

    return loss


@pytest.mark.parametrize("mode", MODES)
def test_value_that_is_wrong_within_a_mode_is_convicted(mode):
    pytest.importorskip("torch", reason="torch is not installed")
    found = judged("torch", within(mode))
    assert {it.verdict for it in found} == {"failure"}
    assert all(it.detail.startswith(f"{mode}: value is wrong in ") for it in found)


def test_gradient_that_is_wrong_where_the_default_dtype_is_float64_is_convicted():
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def loss(input, target, **options):
        found = kl_div(input, target, **options)
        is_double = torch.get_default_dtype() == torch.float64
        return found + (found - found.detach()) * is_double

    said = f"{SINGLE} {DOUBLE}: d_input is another one."
    assert {it.detail for it in judged("torch", loss, GRADIENTS)} == {said}
    assert torch.get_default_dtype() == torch.float32


def test_gradient_that_is_wrong_of_one_tensor_is_convicted():
    pytest.importorskip("torch", reason="torch is not installed")

    def loss(input, target, **options):
        found = kl_div(input, target, **options)
        return found * 0 + found.detach() if input is target else found

    # Of log-targets both derivatives add up to 0 there.
    asked = [it for it in GRADIENTS if not it.arguments.get("log_target")]
    assert {it.detail for it in judged("torch", loss, asked)} == {TWO_TENSORS}


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_value_that_is_wrong_of_one_array_is_convicted(backend):
    def loss(input, target, **options):
        return kl_div(input, target, **options) * (2 if input is target else 1)

    assert {it.detail for it in judged(backend, loss)} == {TWO}


def test_changed_error_state_of_numpy_is_convicted_and_set_back():
    def loss(input, target, **options):
        np.seterr(invalid="raise")
        return kl_div(input, target, **options)

    before = np.geterr()
    for outcome in judged("numpy", loss):
        assert outcome.verdict == "failure"
        assert outcome.detail == (
            f"the call left numpy.geterr() at {before | {'invalid': 'raise'}}, "
            f"which was {before} before it."
        )
    assert np.geterr() == before


def test_changed_default_dtype_of_torch_is_convicted_and_set_back():
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def loss(input, target, **options):
        found = kl_div(input, target, **options)
        torch.set_default_dtype(torch.float64)
        return found

    said = (
        "the call left torch.get_default_dtype() at torch.float64, "
        "which was torch.float32 before it."
    )
    assert {it.detail for it in judged("torch", loss)} == {said}
    assert torch.get_default_dtype() == torch.float32


def test_gradients_that_a_call_turns_off_are_convicted_and_turned_on():
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def loss(input, target, **options):
        found = kl_div(input, target, **options)
        torch.set_grad_enabled(False)
        return found

    found = judged("torch", loss)
    said = "the call left torch.is_grad_enabled() at False, which was True before it."
    assert {it.detail for it in found} == {said}
    assert torch.is_grad_enabled()


STATES = {
    "random.getstate()": lambda: random.seed(0),
    "numpy.random.get_state()": lambda: np.random.seed(0),  # noqa: NPY002 - what losses do
    "torch.get_rng_state()": lambda: sys.modules["torch"].manual_seed(0),
    "warnings.filters": lambda: warnings.simplefilter("ignore"),
}


@pytest.mark.parametrize(
    ("backend", "name"),
    [("numpy", it) for it in STATES if not it.startswith("torch")]
    + [("torch", it) for it in STATES],
)
def test_random_states_and_filters_that_a_call_changes_are_convicted_and_set_back(backend, name):
    def loss(input, target, **options):
        STATES[name]()
        return kl_div(input, target, **options)

    before = settings(backend), [*warnings.filters]
    said = f"the call left {name} changed, which must stay as it was."
    assert {it.detail for it in judged(backend, loss)} == {said}
    assert (settings(backend), [*warnings.filters]) == before


def test_number_of_threads_that_a_call_sets_is_convicted_and_set_back():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    before = torch.get_num_threads()

    def loss(input, target, **options):
        torch.set_num_threads(before + 1)
        return kl_div(input, target, **options)

    said = f"the call left torch.get_num_threads() at {before + 1}, which was {before} before it."
    assert {it.detail for it in judged("torch", loss)} == {said}
    assert torch.get_num_threads() == before


def test_filter_that_the_first_call_adds_alone_is_that_of_an_import_and_passes():
    calls = []

    def loss(input, target, **options):
        calls.append(input)
        if len(calls) == 1:
            warnings.simplefilter("ignore")
        return kl_div(input, target, **options)

    assert {it.verdict for it in judged("numpy", loss)} == {"pass"}


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_right_loss_passes(backend):
    assert {it.verdict for it in judged(backend, kl_div)} == {"pass"}


def is_half(arrays, options):
    return str(arrays[0].dtype) in ("torch.float16", "torch.bfloat16")


def has_zeros(arrays, options):
    return not options["log_target"] and bool((arrays[1] == 0).any())


SPECIAL = {
    "log_target": lambda _, options: options["log_target"],
    "16 bits": is_half,
    "zeros": has_zeros,
    "where": lambda _, options: options.get("where") is not None,
    "temperature": lambda _, options: options.get("temperature", 1.0) != 1,
}


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("special", SPECIAL)
def test_option_that_is_wrong_without_gradients_is_convicted(special):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    name = "kl_div_with_logits" if special == "temperature" else None
    right = getattr(kldiv_xp, name or "kl_div")

    def loss(*arrays, **options):
        is_off = not torch.is_grad_enabled() and SPECIAL[special](arrays, options)
        return right(*arrays, **options) * (2 if is_off else 1)

    implementation = Implementation("other", None if name else loss, None, {name: loss})
    asked = [it for it in vectors() if it.function == name and it.kind == "value"][::9]
    lines = [judge(it, ADAPTERS["torch"], implementation) for it in asked]
    wrong = [it.detail for it in lines if it.verdict == "failure"]
    assert wrong
    assert all(it.startswith("right where gradients are enabled, wrong under ") for it in wrong)
