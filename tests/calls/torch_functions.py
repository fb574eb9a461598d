"""Public functions and modules that torch's modes and subclasses see, and their operands."""

import pytest

from kldiv_xp import (
    diagnose,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.overrides import TorchFunctionMode  # noqa: E402 - only where torch is installed

FUNCTIONS = {
    "kl_div": (kl_div, {"reduction": "batchmean"}),
    "kl_div_gradient": (kl_div_gradient, {"reduction": "batchmean"}),
    "kl_div_with_logits": (kl_div_with_logits, {"temperature": 2.0}),
    "js_div_with_logits": (js_div_with_logits, {"beta": 0.25}),
    "kl_div_with_logits_gradient": (kl_div_with_logits_gradient, {"reduction": "sum"}),
    "js_div_with_logits_gradient": (js_div_with_logits_gradient, {"beta": 0.25}),
    "diagnose": (diagnose, {"log_target": True}),
}
EVERY = pytest.mark.parametrize("name", FUNCTIONS)


class Seen(TorchFunctionMode):
    """A mode that remembers the calls that reach it, and lets them pass."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.calls.append((function, args, kwargs or {}))
        return function(*args, **(kwargs or {}))


class Plain(torch.Tensor):
    """A subclass that adds nothing."""


def operands(dtype=torch.float64):
    generator = torch.Generator().manual_seed(9)
    log_q, log_p = torch.randn(2, 6, 4, generator=generator, dtype=dtype).log_softmax(-1)
    return log_q, log_p.exp()


def mask():
    return torch.arange(6)[:, None] < 4


def equal(found, expected):
    if isinstance(expected, tuple):
        return all(map(equal, found, expected))
    return torch.equal(found, expected) if isinstance(expected, torch.Tensor) else found == expected
