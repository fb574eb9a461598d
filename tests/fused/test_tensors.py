"""Compiled loops on the memory that torch tensors lend, of 16 bits too."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")
pytest.importorskip("torch", reason="torch is not installed")

import torch

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits, thread_limit
from kldiv_xp.fused import choice, engine, rows_of_logits

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

CALLS = {
    "terms": lambda x, t: kl_div(x, t, reduction="none"),
    "sum": lambda x, t: kl_div(x, t, reduction="sum"),
    "log p": lambda x, t: kl_div(x, t, reduction="sum", log_target=True),
    "rows": lambda x, t: kl_div(x, t, reduction="none", axis=(0, 2)),
    "KL of logits": lambda x, t: kl_div_with_logits(x, t, reduction="none"),
    "JS of logits": lambda x, t: js_div_with_logits(x, t, temperature=2.0, reduction="none"),
}


def everything(call, *operands):
    """Value and gradients, in float64."""
    leaves = [one.detach().requires_grad_() for one in operands]
    value = call(*leaves)
    value.backward(torch.ones_like(value))
    return [one.detach().double().numpy() for one in (value, *(leaf.grad for leaf in leaves))]


@pytest.mark.few(1, 3)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.cases(8)
def test_values_and_gradients_are_those_without(monkeypatch, name, dtype):
    used = []
    for module, each in ((engine, "run_plan"), (rows_of_logits, "run_in_attempts")):
        do = getattr(module, each)
        monkeypatch.setattr(module, each, lambda *given, do=do: (used.append(1), do(*given)))
    generator = torch.Generator().manual_seed(2)
    x = -5 * torch.rand((3, 4, 50), generator=generator, dtype=torch.float64)
    t = torch.rand((3, 50, 4), generator=generator, dtype=torch.float64).transpose(1, 2)
    operands = [one.to(getattr(torch, dtype)) for one in (x, t)]
    monkeypatch.setenv(choice.FUSED_VARIABLE, "0")
    expected = everything(CALLS[name], *operands)
    assert not used
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    for threads in (1, 3):
        with thread_limit(threads):
            found = everything(CALLS[name], *operands)
        eps = torch.finfo(getattr(torch, dtype)).eps
        for one, other in zip(found, expected, strict=True):
            size = np.max(np.abs(other))
            np.testing.assert_allclose(one, other, rtol=2 * eps, atol=32 * eps * size)
    # Beside the loss of logits, unless they have 16 bits, its gradient is computed too.
    in_one_pass = name.endswith("of logits") and not dtype.endswith("16")
    assert len(used) == (2 if in_one_pass else 4)


def test_tensors_of_inference_mode_and_views_are_read_where_they_lie(monkeypatch):
    monkeypatch.setenv(choice.FUSED_VARIABLE, "1")
    whole = torch.rand((6, 100), dtype=torch.bfloat16)
    parts = whole[1::2, 3::4], whole[::2, 2:98:4][:, :24]
    x, t = parts[0][:, :24], parts[1]
    expected = kl_div(x.float(), t.float(), reduction="sum")
    with torch.inference_mode():
        total = kl_div(x, t, reduction="sum", dtype=torch.float32)
        terms = kl_div(x.clone(), t.clone(), reduction="none")
    torch.testing.assert_close(total, expected, rtol=1e-6, atol=0)
    assert torch.equal(terms, kl_div(x.float(), t.float(), reduction="none").bfloat16())
