"""torch: nothing that the first use of the package decides, whatever it stands in, lasts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")
if not hasattr(os, "fork"):
    pytest.skip("this system has no fork", allow_module_level=True)

PROGRAM = Path(__file__).parents[2] / "first_use.py"
LOSSES = ("kl_div", "js")


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.long)])
def found(request):
    """Errors after each first use, by one of two losses in turn, then by the other."""
    command = [sys.executable, str(PROGRAM), str(request.param), *LOSSES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.long
def test_value_is_right_and_later_calls_are_in_blocks_whatever_the_first_use_stands_in(found):
    assert {use: wrong for use, _, wrong in found if wrong} == {}


@pytest.mark.long
def test_every_first_use_was_tried(found):
    uses = {use for use, _, _ in found}
    assert len(found) == len(uses)
    assert {loss for _, loss, _ in found} == set(LOSSES)
    assert {"func.grad", "FakeTensorMode", "torch.compile", "default bfloat16"} <= uses


WITHOUT_CUDA = """
import sys, torch
from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits
x, t = torch.rand(2, 3, requires_grad=True), torch.rand(2, 3)
kl_div(x, t, reduction="sum").backward()
kl_div(x, t, reduction="none", axis=-1)
kl_div_gradient(x.detach(), t, reduction="sum")
kl_div_with_logits(x, t).backward()
print(*sorted(name for name in sys.modules if name.startswith("kldiv_xp.")))
"""


@pytest.mark.long
def test_tensors_in_host_memory_load_no_module_of_cuda():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CUDA], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "kldiv_xp.backends.torch.host" in loaded
    of_cuda = {name for name in loaded if "kernel" in name or "cuda" in name}
    assert not of_cuda | (loaded & {"kldiv_xp.backends.torch.cuda_in_blocks"})
