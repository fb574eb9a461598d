"""How many functions of the package a call passes on its way to the formula and back."""

import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import usable

import kldiv_xp
from kldiv_xp import kl_div

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
