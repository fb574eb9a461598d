"""Gradients as training asks for them: with a constant target, and beside the loss's value."""

import pytest

from kldiv_conformance import assert_conforms, find

torch = pytest.importorskip("torch", reason="torch is not installed")

GRADIENT = find("gradients_001")


def right(input, target, *, reduction, log_target):
    return torch.nn.functional.kl_div(input, target, reduction=reduction, log_target=log_target)


class Terms(torch.autograd.Function):
    """The right terms of the loss."""

    @staticmethod
    def forward(ctx, input, target):
        ctx.save_for_backward(input, target)
        return target * (target.log() - input)


class WrongBesideAConstant(Terms):
    """A gradient that forgets its factor where the target needs none."""

    @staticmethod
    def backward(ctx, upstream):
        student, target = ctx.saved_tensors
        if not ctx.needs_input_grad[1]:
            return -2 * target * upstream, None
        return -target * upstream, (target.log() + 1 - student) * upstream


class WrongBesideAConstantInput(Terms):
    """A gradient with respect to the target that forgets its logarithm beside a constant input."""

    @staticmethod
    def backward(ctx, upstream):
        student, target = ctx.saved_tensors
        if not ctx.needs_input_grad[0]:
            return None, -student * upstream
        return -target * upstream, (target.log() + 1 - student) * upstream


def wrong_by_target(input, target, *, reduction, log_target):
    return WrongBesideAConstantInput.apply(input, target)


def constant_by_target(input, target, **options):
    return right(input, target if input.requires_grad else target.detach(), **options)


def wrong_gradient(input, target, *, reduction, log_target):
    return WrongBesideAConstant.apply(input, target)


def wrong_value(input, target, **options):
    value = right(input, target, **options)
    return value.detach() + (value - value.detach()) + 1 if input.requires_grad else value


class ReadsUpstreamInOnePiece(Terms):
    """A gradient whose kernel takes upstream derivatives for an array in one piece of memory."""

    @staticmethod
    def backward(ctx, upstream):
        student, target = ctx.saved_tensors
        flat = upstream.as_strided(upstream.shape, student.contiguous().stride())
        return -target * flat, (target.log() + 1 - student) * flat


def reads_in_one_piece(input, target, *, reduction, log_target):
    return ReadsUpstreamInOnePiece.apply(input, target)


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (wrong_gradient, "d_input must be the same where the target is a constant; it is another"),
        (wrong_by_target, "d_target must be the same where the input is a constant; it is"),
        (constant_by_target, "d_target must be the same where the input is a constant; it is"),
        (wrong_value, "value must be the same where no gradient is asked; it is another one."),
    ],
)
def test_what_differs_in_a_training_call_is_convicted(loss, told):
    assert_conforms(right, GRADIENT, backend="torch")
    with pytest.raises(AssertionError, match=told):
        assert_conforms(loss, GRADIENT, backend="torch")


def test_upstream_derivatives_of_elements_do_not_lie_in_one_piece():
    vector = find("gradients_115")
    assert_conforms(right, vector, backend="torch")
    with pytest.raises(AssertionError, match="d_input is wrong"):
        assert_conforms(reads_in_one_piece, vector, backend="torch")
