"""A plain kl_div on torch with an autograd function of its own, for mutants."""

import math

import torch


class Terms(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, t, log_target):
        ctx.save_for_backward(x, t)
        ctx.log_target = log_target
        p, log_p, x = guarded(x, t, log_target)
        terms = p * (log_p - x)
        return torch.where(terms == 0, 0.0, terms)

    @staticmethod
    def backward(ctx, upstream):
        x, t = ctx.saved_tensors
        p, log_p, x = guarded(x, t, ctx.log_target)
        by_input = by_target = None
        if ctx.needs_input_grad[0]:
            by_input = -p * upstream
        if ctx.needs_input_grad[1]:
            derivative = log_p - x + 1
            derivative = p * derivative if ctx.log_target else derivative
            by_target = torch.where((p == 0) & ~torch.isnan(x), 0.0, derivative) * upstream
        return by_input, by_target, None


def guarded(x, t, log_target):
    p = torch.exp(t) if log_target else t
    zero = p == 0
    log_p = torch.where(zero, 0.0, t) if log_target else torch.log(torch.where(zero, 1.0, t))
    return p, log_p, torch.where(zero & torch.isinf(x), 0.0, x)


def kl_div(
    input,
    target,
    size_average=None,
    reduce=None,
    reduction="mean",
    log_target=False,
    axis=None,
    where=None,
    dtype=None,
):
    asked = dtype
    reduction = resolved(size_average, reduce, reduction)
    dtype = torch.promote_types(input.dtype, target.dtype)
    wide = torch.promote_types(dtype, torch.float32)
    if asked is not None:
        dtype, wide = asked, torch.promote_types(wide, asked)
    x, t = input.to(wide), target.to(wide)
    if where is not None and where.ndim < x.ndim:
        where = where.reshape(x.sum(axis, keepdim=True).shape)
    chosen = torch.ones_like(x, dtype=torch.bool) if where is None else where.expand_as(x)
    x, t = torch.where(chosen, x, 0.0), torch.where(chosen, t, -math.inf if log_target else 0.0)
    terms = Terms.apply(x, t, log_target)
    if axis is not None:
        terms = terms.sum(dim=axis)
        chosen = any_of(chosen, axis)
    if reduction == "none":
        return terms.to(dtype)
    total = terms.sum()
    return (total / divisor(reduction, chosen, where)).to(dtype)


def any_of(chosen, axis):
    return chosen.sum(dim=axis) > 0


def divisor(reduction, chosen, where):
    if reduction == "mean":
        count = int(chosen.sum())
        return count or (math.nan if where is None else 1)
    if reduction == "batchmean" and chosen.ndim:
        return chosen.shape[0] or math.nan
    return 1


def resolved(size_average, reduce, reduction):
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"
