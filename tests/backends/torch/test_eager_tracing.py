"""torch: what traces, records or counts sees the whole expression."""

import pytest
from backends.torch.eager_operands import (
    BOTH_SPACES,
    IN_SMALL_BLOCKS,
    SHAPE,
    Subclass,
    close,
    tensors,
    torch,
)
from numpy.testing import assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient

pytestmark = IN_SMALL_BLOCKS


def test_fake_tensors_have_a_shape_and_no_value(reduction):
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    operands = tensors()
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fakes = [mode.from_tensor(operand) for operand in operands]
        found = kl_div(*fakes, reduction=reduction)
        mixed = kl_div(*operands, reduction=reduction)
    for fake in (found, mixed, kl_div(*fakes, reduction=reduction)):
        assert isinstance(fake, FakeTensor)
        assert fake.shape == (SHAPE if reduction == "none" else ())


@pytest.mark.few(7, 17)
@pytest.mark.parametrize("tracing_mode", ["real", "fake", "symbolic"])
@BOTH_SPACES
def test_graph_of_operations_holds_the_whole_expression(tracing_mode, reduction, log_target):
    from torch.fx.experimental.proxy_tensor import make_fx

    operands = tensors(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction=reduction, log_target=log_target)

    graph = make_fx(loss, tracing_mode=tracing_mode)(*operands)
    others = [operands[0] - 1, operands[1]]
    close(graph(*others), loss(*others))


@BOTH_SPACES
@pytest.mark.filterwarnings("ignore:.*torch.jit.trace.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # sizes are compared
def test_recorded_loss_computes_anew(log_target):
    operands = tensors(log_target)

    def loss(x, t):
        return kl_div(x, t, reduction="batchmean", log_target=log_target)

    traced = torch.jit.trace(loss, tuple(operands))
    others = operands[0] - 1, operands[1]
    close(traced(*others), loss(*others))


def test_exported_loss_computes_anew():
    operands = tensors()
    program = torch.export.export(Module(), tuple(operands))
    others = operands[0] - 1, operands[1]
    close(program.module()(*others), kl_div(*others, reduction="batchmean"))


class Module(torch.nn.Module):
    """The loss in a model."""

    def forward(self, log_q, p):
        return kl_div(log_q, p, reduction="batchmean")


def test_mode_that_watches_sees_every_operation(reduction):
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watching(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.append(str(function))
            return function(*args, **(kwargs or {}))

    seen = []
    operands = tensors()
    with Watching():
        found = kl_div(*operands, reduction=reduction)
    assert any("aten.log" in name for name in seen)
    close(found, kl_div(*operands, reduction=reduction))


def test_counter_of_operations_sees_the_loss():
    from torch.utils.flop_counter import FlopCounterMode

    log_q, p = tensors(differentiated=(True, False))
    with FlopCounterMode(display=False) as counter:
        kl_div(log_q, p, reduction="sum").backward()
    assert counter.get_total_flops() == 0
    assert_array_equal(log_q.grad, -p)


def test_subclass_gets_its_own_type_and_its_gradient(reduction):
    operands = tensors()
    log_q, p = (operand.as_subclass(Subclass) for operand in operands)
    log_q.requires_grad_()
    loss = kl_div(log_q, p, reduction=reduction)
    assert type(loss) is Subclass
    loss.sum().backward()
    close(loss.detach().as_subclass(torch.Tensor), kl_div(*operands, reduction=reduction))
    closed, _ = kl_div_gradient(*operands, reduction=reduction)
    close(log_q.grad.as_subclass(torch.Tensor), closed)


def test_subclass_that_watches_functions_sees_the_loss_alone():
    class Watching(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            seen.append(function)
            return super().__torch_function__(function, types, args, kwargs or {})

    seen = []
    log_q, p = tensors()
    kl_div(log_q.as_subclass(Watching), p, reduction="sum")
    assert seen == [kl_div]
