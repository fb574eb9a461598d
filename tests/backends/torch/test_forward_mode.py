"""Forward mode of torch: the derivative of every loss has the type of the loss."""

from itertools import product

import pytest
from backends.torch.losses import LOSSES, operands, torch

pytestmark = [
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
    # torch compiles its own derivatives.
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
]
MASK = operands()["where"]
# A loss, and its options beside those that it has everywhere.
CALLS = {
    "kl": ("kl", {"axis": None}),
    "kl of samples": ("kl", {}),
    "js": ("js", {}),
    "kl of logits": ("kl of logits", {"temperature": 2.0}),
    "js of logits": ("js of logits", {"temperature": 2.0}),
    "temperature": ("kl of logits", {"temperature": torch.tensor(2.0)}),
    "beta": ("js of logits", {"beta": torch.tensor(0.5)}),
    "sparse": ("sparse", {"temperature": 2.0}),
    "linear": ("linear", {"temperature": 2.0}),
}
CASES = [
    (name, reduction, where)
    for name, reduction, where in product(CALLS, ("none", "sum", "mean", "batchmean"), (None, MASK))
    if where is None or name != "kl"
]


@pytest.mark.few(7, 33)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("name", "reduction", "where"), CASES)
def test_derivative_has_the_type_of_the_loss(name, reduction, where, dtype):
    which, options = CALLS[name]
    loss = LOSSES[which]
    tensors = operands()
    floats = {one: x.to(dtype) for one, x in tensors.items() if x.is_floating_point()}
    differentiated = loss.operands["input"]

    def of_input(x):
        named = {**tensors, **floats, differentiated: x}
        return loss(named, reduction=reduction, where=where, **options)

    operand = floats[differentiated]
    value, tangent = torch.func.jvp(of_input, (operand,), (torch.ones_like(operand),))
    assert tangent.dtype == value.dtype == of_input(operand).dtype
    assert torch.func.jacfwd(of_input)(operand).dtype == value.dtype
