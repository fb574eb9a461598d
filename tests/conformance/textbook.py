"""A plain kl_div on NumPy that passes every vector, and whose text the mutants are made from."""

import math

import numpy as np

REDUCTIONS = ("none", "mean", "sum", "batchmean")


def kl_div(
    input,
    target,
    size_average=None,
    reduce=None,
    reduction="mean",
    log_target=False,
    axis=None,
    where=None,
    log_input=True,
    generalized=False,
    dtype=None,
):
    check(input, target, size_average, reduce, reduction, log_target)
    check_samples(input, axis, where)
    resolved_reduction = resolved(size_average, reduce, reduction)
    dtype, wide = dtypes(input, target, dtype)
    with np.errstate(all="ignore"):
        operands = input.astype(wide), target.astype(wide)
        if log_input and not generalized:
            terms = pointwise(*operands, log_target)
        else:
            terms = other_form(*operands, log_target, log_input, generalized)
        if axis is not None or where is not None:
            loss = reduced_samples(terms, resolved_reduction, axis, where)
            return np.asarray(loss, dtype=dtype)
        if resolved_reduction == "none":
            return np.asarray(terms, dtype=dtype)
        total = np.sum(terms, dtype=wide)
        return np.asarray(total / divisor(resolved_reduction, input), dtype=dtype)


def dtypes(input, target, asked):
    promoted = np.promote_types(input.dtype, target.dtype)
    dtype = promoted if asked is None else asked
    return dtype, np.result_type(promoted, dtype, np.float32)


def pointwise(x, t, log_target):
    p = np.exp(t) if log_target else t
    zero = p == 0
    log_p = np.where(zero, 0, t) if log_target else np.log(np.where(zero, 1, t))
    x = np.where(zero & np.isinf(x), 0, x)
    terms = p * (log_p - x)
    return np.where(terms == 0, 0, terms)


def reduced_samples(terms, reduction, axis, where):
    chosen = selected(terms, aligned(terms, where, axis))
    terms = np.where(chosen, terms, 0)
    if axis is not None:
        terms = np.sum(terms, axis=axis)
    if reduction == "none":
        return terms
    return np.sum(terms) / sample_divisor(reduction, chosen, axis, where is not None)


def selected(terms, where):
    return np.broadcast_to(True if where is None else where, terms.shape)


def aligned(terms, where, axis):
    is_of_samples = where is not None and where.ndim < terms.ndim
    return np.expand_dims(where, axis) if is_of_samples else where


def sample_divisor(reduction, chosen, axis, masked):
    samples = chosen if axis is None else np.any(chosen, axis=axis)
    if reduction == "mean":
        return int(np.sum(samples)) or int(masked) or math.nan
    if reduction == "batchmean" and samples.ndim:
        return samples.shape[0] or math.nan
    return 1


def kl_div_gradient(
    input,
    target,
    *,
    reduction,
    log_target,
    upstream,
    axis=None,
    where=None,
    log_input=True,
    generalized=False,
    dtype=None,
):
    _, wide = dtypes(input, target, dtype)
    x, t = input.astype(wide), target.astype(wide)
    if axis is not None and np.ndim(upstream):
        upstream = np.expand_dims(upstream, axis)
    factor = wide.type(upstream) / divisor(reduction, input)
    chosen = selected(input, aligned(input, where, axis))
    if axis is not None or where is not None:
        factor = wide.type(upstream / sample_divisor(reduction, chosen, axis, where is not None))
    with np.errstate(all="ignore"):
        if not log_input or generalized:
            derivatives = derivatives_of_other_form(x, t, log_target, log_input, generalized)
            by_input, by_target = (np.where(chosen, one * factor, 0) for one in derivatives)
            return by_input.astype(input.dtype), by_target.astype(target.dtype)
        p = np.exp(t) if log_target else t
        zero = p == 0
        log_p = np.where(zero, 0, t) if log_target else np.log(np.where(zero, 1, t))
        derivative = log_p - np.where(zero & np.isinf(x), 0, x) + 1
        by_input = -p
        by_target = p * derivative if log_target else derivative
        by_target = np.where(zero & ~np.isnan(x), 0, by_target)
        gradients = np.asarray(by_input * factor), np.asarray(by_target * factor)
        by_input, by_target = (np.where(chosen, gradient, 0) for gradient in gradients)
        return by_input.astype(input.dtype), by_target.astype(target.dtype)


def divisor(reduction, input):
    if reduction == "mean":
        return input.size or math.nan
    if reduction == "batchmean" and input.ndim:
        return input.shape[0] or math.nan
    return 1


def resolved(size_average, reduce, reduction):
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def check(input, target, size_average, reduce, reduction, log_target):
    if not (isinstance(reduction, str) and reduction in REDUCTIONS):
        raise ValueError(reduction)
    if not all(flag is None or isinstance(flag, bool) for flag in (size_average, reduce)):
        raise TypeError("legacy flags are bools")
    if not isinstance(log_target, bool):
        raise TypeError("log_target is a bool")
    for operand in (input, target):
        if not isinstance(operand, np.ndarray):
            raise TypeError("not an array")
        if operand.dtype.kind != "f":
            raise TypeError("not real floating")
    if input.shape != target.shape:
        raise ValueError("shapes differ")


def check_samples(input, axis, where):
    axes = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    if not all(type(place) is int for place in axes):
        raise TypeError("axes are ints")
    if not all(-input.ndim <= place < input.ndim for place in axes):
        raise ValueError("no such axis")
    places = {place % input.ndim for place in axes}
    if len(places) < len(axes):
        raise ValueError("an axis twice")
    if where is None:
        return
    if not isinstance(where, np.ndarray) or where.dtype != bool:
        raise TypeError("a mask is an array of bools")
    shape = tuple(1 if place in places else size for place, size in enumerate(input.shape))
    samples = tuple(size for place, size in enumerate(input.shape) if place not in places)
    if where.shape not in (input.shape, shape, samples):
        raise ValueError("mask of another shape")


def both(x, t, log_target, log_input):
    q, p = np.exp(x) if log_input else x, np.exp(t) if log_target else t
    log_q, log_p = x if log_input else np.log(x), t if log_target else np.log(t)
    return q, p, np.where(p == 0, 0, log_p - log_q)


def other_form(x, t, log_target, log_input, generalized):
    q, p, ratio = both(x, t, log_target, log_input)
    product = np.where(p == 0, 0, p * ratio)
    if not generalized:
        return product
    near = (np.abs(ratio) < 1) & (p > 0)
    if not (log_input and log_target):
        ratio = -np.log1p((q - p) / np.where(near, p, 1))
    ratio = np.where(near, ratio, 0)
    series = sum((-ratio) ** power / math.factorial(power) for power in range(2, 25))
    return np.where(near, p * series, product + (q - p))


def derivatives_of_other_form(x, t, log_target, log_input, generalized):
    q, p, ratio = both(x, t, log_target, log_input)
    by_input = -p if log_input else -np.where(p == 0, 0, p / q)
    by_target = np.where(p == 0, 0, ratio if generalized else ratio + 1)
    if generalized:
        by_input = by_input + (q if log_input else 1)
    return by_input, p * by_target if log_target else by_target
