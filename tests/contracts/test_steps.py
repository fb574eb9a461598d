"""How many functions of the package a call passes on its way to the formula and back."""

import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import usable

import kldiv_xp
from kldiv_xp import (
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

FOLDER = str(Path(kldiv_xp.__file__).parent)
SHAPE = (32, 10)


def steps(call):
    """File and name of each function of the package that a call passes, in order."""
    call()  # what is cached is cached
    passed = []

    def seen(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(FOLDER):
            passed.append((code.co_filename, code.co_name))

    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(None)
    return passed


@pytest.fixture
def operands():
    rng = np.random.default_rng(0)
    log_q, target = rng.dirichlet(np.ones(SHAPE[1]), (2, SHAPE[0])).astype("float32")
    return np.log(log_q), target


@pytest.mark.parametrize("reduction", ["batchmean", "sum"])
def test_few_elements_of_numpy_go_straight_to_the_formula(operands, reduction):
    passed = steps(lambda: kl_div(*operands, reduction=reduction))
    assert len(passed) <= 25
    assert len({file for file, _ in passed}) <= 10
    assert [name for _, name in passed].index("factors") < 15


def test_few_elements_of_torch_take_few_steps_there_and_back(operands):
    usable("torch")
    torch = pytest.importorskip("torch")
    log_q, target = map(torch.from_numpy, operands)
    log_q.requires_grad_()
    passed = steps(lambda: kl_div(log_q, target, reduction="batchmean").backward())
    assert len(passed) <= 45


LOSSES_OF_LOGITS = pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
NOISE = pytest.mark.parametrize("noise", [1e-3, 0.1, 2.0, "some of each"])


def logits(noise):
    """Student and teacher: nearly equal, alike, apart, or some rows of each kind."""
    rng = np.random.default_rng(0)
    if noise == "some of each":
        noise = 10.0 ** rng.uniform(-3, 0.5, (SHAPE[0], 1))
    teacher = rng.normal(size=SHAPE)
    return [one.astype("float32") for one in (teacher + noise * rng.normal(size=SHAPE), teacher)]


@pytest.fixture
def as_it_comes(monkeypatch):
    """The formula by NumPy: compiled loops take other steps."""
    monkeypatch.setenv("KLDIV_XP_FUSED", "0")


@NOISE
@LOSSES_OF_LOGITS
@pytest.mark.usefixtures("as_it_comes")
def test_few_logits_of_numpy_take_one_form_for_all_rows(loss, noise):
    student, teacher = logits(noise)
    passed = steps(lambda: loss(student, teacher))
    assert len(passed) <= 75
    assert [name for _, name in passed].count("pair_of") == 1


@NOISE
@pytest.mark.usefixtures("as_it_comes")
def test_few_logits_of_numpy_take_few_steps_to_both_derivatives(noise):
    student, teacher = logits(noise)
    assert len(steps(lambda: kl_div_with_logits_gradient(student, teacher))) <= 115


@NOISE
@LOSSES_OF_LOGITS
@pytest.mark.usefixtures("as_it_comes")
def test_few_logits_of_torch_take_few_steps_there_and_back(loss, noise):
    usable("torch")
    torch = pytest.importorskip("torch")
    student, teacher = map(torch.from_numpy, logits(noise))
    student.requires_grad_()
    assert len(steps(lambda: loss(student, teacher).backward())) <= 150
    assert len(steps(lambda: loss(student.detach(), teacher))) <= 85


@LOSSES_OF_LOGITS
def test_few_logits_take_few_steps_by_compiled_loops(loss, monkeypatch):
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    monkeypatch.setenv("KLDIV_XP_FUSED", "1")
    student, teacher = logits(2.0)
    assert len(steps(lambda: loss(student, teacher))) <= 90
    assert len(steps(lambda: kl_div_with_logits_gradient(student, teacher))) <= 120


def test_given_probabilities_of_few_classes_take_few_steps(operands):
    log_q, target = operands
    call = steps(lambda: kl_div_with_logits(log_q, target, target_is="probabilities"))
    assert len(call) <= 75
