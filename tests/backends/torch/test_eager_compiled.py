"""torch: in torch.compile the loss has the values and derivatives of the eager one."""

import numpy as np
import pytest
import reference
from backends.torch.eager_operands import (
    BOTH_SPACES,
    DIFFERENTIATED,
    IN_SMALL_BLOCKS,
    TYPES,
    assert_gradients,
    close,
    detached,
    tensors,
    torch,
)
from numpy.testing import assert_allclose

from kldiv_xp import kl_div, kl_div_gradient

pytestmark = IN_SMALL_BLOCKS


def compiled(function, **options):
    torch.compiler.reset()
    return torch.compile(function, fullgraph=True, backend="aot_eager", **options)


@pytest.mark.few(0, 1)
@pytest.mark.cases(6)
@BOTH_SPACES
@DIFFERENTIATED
@TYPES
def test_compiled_gradient_is_the_closed_form(type_, log_target, differentiated):
    def loss(x, t):
        return kl_div(x, t, reduction="batchmean", log_target=log_target)

    operands = tensors(log_target, type_, differentiated)
    value = compiled(loss)(*operands)
    value.backward()
    close(value.detach(), loss(*detached(operands)), type_)
    closed = kl_div_gradient(*detached(operands), reduction="batchmean", log_target=log_target)
    assert_gradients(operands, closed, differentiated, type_)


@pytest.mark.long
@DIFFERENTIATED
def test_compiled_loss_of_any_size_is_compiled_once(differentiated):
    calls = []

    def backend(graph, _):
        calls.append(graph)
        return graph

    torch.compiler.reset()
    loss = torch.compile(
        lambda x, t: kl_div(x, t, reduction="batchmean"),
        fullgraph=True,
        backend=backend,
        dynamic=True,
    )
    for rows in (3, 5, 8):
        operands = [o.detach()[:rows].clone() for o in tensors()]
        for operand, wanted in zip(operands, differentiated, strict=True):
            operand.requires_grad_(wanted)
        value = loss(*operands)
        close(value.detach(), kl_div(*detached(operands), reduction="batchmean"))
        value.backward()
        closed = kl_div_gradient(*detached(operands), reduction="batchmean")
        assert_gradients(operands, closed, differentiated)
    assert len(calls) == 1


@pytest.mark.few(0, 1)
@BOTH_SPACES
def test_compiled_special_pairs_are_as_the_contract_says(log_target):
    def loss(x, t):
        return kl_div(x, t, reduction="sum", log_target=log_target)

    program = compiled(loss, dynamic=False)
    for pair in reference.every_pair(log_target):
        operands = [torch.tensor([v], dtype=torch.float64, requires_grad=True) for v in pair]
        value = program(*operands)
        assert_allclose(value.detach(), reference.term(*pair, log_target), rtol=1e-15)
        value.backward()
        if not np.isnan(pair).any():
            found = [operand.grad.item() for operand in operands]
            assert_allclose(found, reference.gradient(*pair, log_target), rtol=1e-14, atol=1e-14)


@pytest.mark.slow
def test_compiled_training_step_is_the_eager_one():
    torch.manual_seed(1)
    model = torch.nn.Linear(6, 5, dtype=torch.float64)
    samples = torch.rand(4, 6, dtype=torch.float64)
    p = torch.softmax(torch.rand(4, 5, dtype=torch.float64), 1)

    def loss(samples, p):
        return kl_div(torch.log_softmax(model(samples), 1), p, reduction="batchmean")

    loss(samples, p).backward()
    eager = model.weight.grad.clone()
    model.zero_grad()
    compiled(loss)(samples, p).backward()
    close(model.weight.grad, eager)
