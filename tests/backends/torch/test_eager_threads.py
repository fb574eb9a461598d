"""torch: how many threads the eager loss starts, and that it needs no NumPy."""

import os
import subprocess
import sys

import pytest
from backends.torch.eager_operands import IN_SMALL_BLOCKS, bits, tensors, torch

from kldiv_xp import kl_div, kl_div_gradient, thread_limit
from kldiv_xp.host import sharing

pytestmark = IN_SMALL_BLOCKS


@pytest.fixture
def one_thread_of_torch():
    """torch may use one thread, and as many as before after the test."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def started(monkeypatch, function):
    """How many threads a function starts."""
    count = []
    start = sharing.start_new_thread

    def counted(*thread):
        count.append(thread)
        start(*thread)

    with monkeypatch.context() as patch:
        patch.setattr(sharing, "start_new_thread", counted)
        function()
    return len(count)


@pytest.mark.usefixtures("one_thread_of_torch")
def test_one_thread_of_torch_is_one_of_ours(monkeypatch, reduction):
    operands = tensors()
    with thread_limit(8):
        assert started(monkeypatch, lambda: kl_div(*operands, reduction=reduction)) == 0
        assert started(monkeypatch, lambda: kl_div_gradient(*operands)) == 0


def test_limit_holds_for_tensors(monkeypatch):
    monkeypatch.setenv("KLDIV_XP_FUSED", "0")  # whose jobs are longer
    operands = tensors()
    if torch.get_num_threads() < 2:
        pytest.skip("torch may use one thread here")
    with thread_limit(1):
        assert started(monkeypatch, lambda: kl_div(*operands, reduction="sum")) == 0
    with thread_limit(2):
        assert started(monkeypatch, lambda: kl_div(*operands, reduction="sum")) == 1


def test_any_number_of_threads_gives_the_same_bits(reduction):
    operands = tensors()

    def everything():
        found = kl_div(*operands, reduction=reduction)
        return bits(found, *kl_div_gradient(*operands, reduction=reduction))

    with thread_limit(1):
        alone = everything()
    before = torch.get_num_threads()
    try:
        for threads in (2, 3, 5):
            torch.set_num_threads(threads)
            with thread_limit(threads):
                assert everything() == alone
    finally:
        torch.set_num_threads(before)


WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
import warnings
warnings.simplefilter("ignore")
import torch
from kldiv_xp import kl_div, kl_div_gradient
x = torch.tensor([-1.0, -2.0], requires_grad=True)
p = torch.tensor([0.0, 1.0])
kl_div(x, p, reduction="sum").backward()
print(x.grad.tolist(), kl_div(x, p, reduction="none").tolist())
"""


@pytest.mark.long
def test_torch_needs_no_numpy():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.stdout.replace("-0.0", "0.0").strip() == "[0.0, -1.0] [0.0, 2.0]", done.stderr
