"""A right loss of torch as a node of autograd, from which wrong ones are made."""

import torch


def derivatives(input, target, upstream):
    """Derivatives of the terms with respect to both operands."""
    return -target * upstream, (target.log() + 1 - input) * upstream


class Terms(torch.autograd.Function):
    """The right terms of the loss, and both derivatives."""

    @classmethod
    def of(cls, input, target, reduction, log_target):
        """The reduced loss."""
        if log_target:
            raise NotImplementedError
        terms = cls.apply(input, target)
        divisor = {"mean": terms.numel(), "batchmean": terms.shape[0]}.get(reduction, 1)
        return terms if reduction == "none" else terms.sum() / divisor

    @staticmethod
    def forward(ctx, input, target):
        """Terms, of operands that torch keeps."""
        ctx.save_for_backward(input, target)
        return target * (target.log() - input)

    @staticmethod
    def backward(ctx, upstream):
        """Derivatives of the operands that were kept."""
        return derivatives(*ctx.saved_tensors, upstream)


def loss_of(terms):
    """A loss in the suite's form, by a node."""

    def loss(input, target, *, reduction, log_target):
        return terms.of(input, target, reduction, log_target)

    return loss
