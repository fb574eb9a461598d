"""Tensors of many small blocks, their layouts, and the plain expression to compare with."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
TYPES = pytest.mark.parametrize("type_", ["float16", "bfloat16", "float32", "float64"])
DIFFERENTIATED = pytest.mark.parametrize(
    "differentiated", [(True, False), (False, True), (True, True)], ids=["input", "target", "both"]
)
SHAPE = (13, 37)
IN_SMALL_BLOCKS = [
    pytest.mark.usefixtures("small_blocks"),
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
    # torch itself compiles what forward mode needs by what it deprecates.
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
]


class Subclass(torch.Tensor):
    """A tensor that might do anything, which gets the plain expression."""


def arrays(log_target=False, *, zeros=True):
    rng = np.random.default_rng(7)
    log_q, target = rng.uniform(-9, -4, SHAPE), rng.uniform(0.1, 1, SHAPE)
    if zeros:
        target[5, ::3] = 0
        log_q[5, ::6] = -np.inf
    with np.errstate(divide="ignore"):
        return log_q, np.log(target) if log_target else target


def tensors(log_target=False, type_="float64", differentiated=(False, False), *, zeros=True):
    return [
        torch.tensor(array, dtype=getattr(torch, type_), requires_grad=wanted)
        for array, wanted in zip(arrays(log_target, zeros=zeros), differentiated, strict=True)
    ]


def detached(operands):
    return [operand.detach().clone() for operand in operands]


def bits(*results):
    return [
        bytes(result.detach().contiguous().reshape(-1).view(torch.uint8).tolist())
        for result in results
    ]


def plain(function, *operands, **options):
    """Results of the plain expression."""
    result = function(*[operand.as_subclass(Subclass) for operand in operands], **options)
    results = result if isinstance(result, tuple) else (result,)
    return [value.as_subclass(torch.Tensor) for value in results]


def close(found, expected, type_="float64"):
    eps = 16 * torch.finfo(getattr(torch, type_)).eps
    torch.testing.assert_close(found, expected, rtol=eps, atol=eps, equal_nan=True)


def assert_gradients(operands, closed, differentiated, type_="float64"):
    """The operands that are differentiated have these gradients, and the others none."""
    for operand, exact, wanted in zip(operands, closed, differentiated, strict=True):
        if wanted:
            assert operand.grad.dtype == operand.dtype
            close(operand.grad, exact, type_)
        else:
            assert operand.grad is None


def negative_view(tensor):
    """The same values by torch's lazy negation of others."""
    return torch._neg_view(-tensor)


LAYOUTS = {
    "transposed": lambda tensor: tensor.t().contiguous().t(),
    "every second": lambda tensor: tensor.repeat_interleave(2, 0).repeat_interleave(2, 1)[::2, ::2],
    "shifted": lambda tensor: torch.cat([tensor[:1], tensor])[1:],
    "negative bit": negative_view,
    "parameter": lambda tensor: torch.nn.Parameter(tensor, requires_grad=False),
}


def check_operands(log_target):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 3)
    return (
        torch.tensor(np.log(rng.dirichlet(np.ones(4), 3)), requires_grad=True),
        torch.tensor(np.log(p) if log_target else p, requires_grad=True),
    )
