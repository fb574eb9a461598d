"""Forward mode of torch: the derivative of every loss has the type of the loss."""

from itertools import product

import pytest

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

pytestmark = [
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
    # torch compiles its own derivatives.
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
]
random = torch.Generator().manual_seed(0)
LOGITS, OTHERS = torch.randn((2, 4, 7), generator=random)
HIDDEN, HEAD = (torch.randn((size, 5), generator=random) for size in (4, 7))
KNOWN, INDICES = OTHERS.log_softmax(-1).topk(3, -1)
HALF, TWO = torch.tensor(0.5), torch.tensor(2.0)
MASK = torch.tensor([True, False, True, True])


def linear(hidden, target, **options):
    return linear_kl_div(hidden, HEAD.to(hidden.dtype), target, **options)


def sparse(input, known, **options):
    options = {"target_is": "log_probabilities", "temperature": 2.0, **options}
    return sparse_kl_div_with_logits(input, INDICES, known, **options)


LOSSES = {
    "kl": (kl_div, {"log_target": True}, LOGITS, OTHERS),
    "kl of samples": (kl_div, {"log_target": True, "axis": -1}, LOGITS, OTHERS),
    "js": (js_div, {"log_target": True}, LOGITS, OTHERS),
    "kl of logits": (kl_div_with_logits, {"temperature": 2.0}, LOGITS, OTHERS),
    "js of logits": (js_div_with_logits, {"temperature": 2.0}, LOGITS, OTHERS),
    "temperature": (kl_div_with_logits, {"temperature": TWO}, LOGITS, OTHERS),
    "beta": (js_div_with_logits, {"beta": HALF}, LOGITS, OTHERS),
    "sparse": (sparse, {}, LOGITS, KNOWN),
    "linear": (linear, {"temperature": 2.0}, HIDDEN, OTHERS),
}
CASES = [
    (name, reduction, where)
    for name, reduction, where in product(
        LOSSES, ("none", "sum", "mean", "batchmean"), (None, MASK)
    )
    if where is None or name != "kl"
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("name", "reduction", "where"), CASES)
def test_derivative_has_the_type_of_the_loss(name, reduction, where, dtype):
    loss, options, *operands = LOSSES[name]
    operand, target = (one.to(dtype) for one in operands)

    def of_input(x):
        return loss(x, target, reduction=reduction, where=where, **options)

    value, tangent = torch.func.jvp(of_input, (operand,), (torch.ones_like(operand),))
    assert tangent.dtype == value.dtype == of_input(operand).dtype
    assert torch.func.jacfwd(of_input)(operand).dtype == value.dtype
