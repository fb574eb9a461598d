"""A student of torch with its loss, what it learns from, and operands of the loss."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.torch import KLDivLoss  # noqa: E402 - only where torch is installed

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])


class Student(torch.nn.Module):
    """A linear classifier and its loss, in one module."""

    def __init__(self, loss):
        super().__init__()
        self.linear = torch.nn.Linear(5, 3)
        self.loss = loss

    def forward(self, features, target):
        return self.loss(torch.log_softmax(self.linear(features), dim=-1), target)


def student(loss=None):
    """The same student every time."""
    torch.manual_seed(3)
    return Student(loss or KLDivLoss(reduction="batchmean"))


def lesson(rows=8):
    """Features, and what a teacher says of them."""
    generator = torch.Generator().manual_seed(5)
    features = torch.randn(rows, 5, generator=generator)
    return features, torch.softmax(features @ torch.randn(5, 3, generator=generator), dim=-1)


def operands(*, log_target=False):
    generator = torch.Generator().manual_seed(9)
    logits = torch.randn(2, 6, 4, generator=generator, dtype=torch.float64)
    log_q, log_p = torch.log_softmax(logits, dim=-1)
    return log_q, log_p if log_target else log_p.exp()


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)


OURS = ("log_input", "generalized", "axis", "dtype", "reproducible")
