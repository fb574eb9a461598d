"""Plain divergences from logits on NumPy, with gradients, that pass every vector; for mutants."""

import math

import numpy as np

REDUCTIONS = ("none", "mean", "sum", "batchmean")
KINDS = ("logits", "probabilities", "log_probabilities")


def kl_div_with_logits(input, target, *, target_is="logits", temperature=1.0, **options):
    check_kind(target_is)
    rows = Rows(input, target, temperature=temperature, **options)
    with np.errstate(all="ignore"):
        p, log_p = probabilities(rows.target, target_is, temperature)
        return rows.reduced(kl(p, log_p, log_softmax(rows.input, temperature)))


def js_div_with_logits(input, target, *, beta=0.5, temperature=1.0, **options):
    check_beta(beta)
    rows = Rows(input, target, temperature=temperature, **options)
    with np.errstate(all="ignore"):
        log_p, log_q = (log_softmax(side, temperature) for side in (rows.target, rows.input))
        return rows.reduced(js(log_p, log_q, beta))


def kl_div_with_logits_gradient(
    input, target, *, upstream, target_is="logits", temperature=1.0, **options
):
    rows = Rows(input, target, temperature=temperature, **options)
    with np.errstate(all="ignore"):
        log_q = log_softmax(rows.input, temperature)
        p, log_p = probabilities(rows.target, target_is, temperature)
        by_input = by_right(p, log_q) / temperature
        if target_is == "logits":
            by_target = by_left(p, log_p, log_q) / temperature
        else:
            by_target = by_given(p, log_p, log_q, target_is)
        return rows.gradients(by_input, by_target, upstream)


def js_div_with_logits_gradient(input, target, *, upstream, beta=0.5, temperature=1.0, **options):
    rows = Rows(input, target, temperature=temperature, **options)
    with np.errstate(all="ignore"):
        log_p, log_q = (log_softmax(side, temperature) for side in (rows.target, rows.input))
        by_input = js_derivative(log_q, log_p, 1 - beta, beta) / temperature
        by_target = js_derivative(log_p, log_q, beta, 1 - beta) / temperature
        return rows.gradients(by_input, by_target, upstream)


def log_softmax(logits, temperature):
    shifted = (logits - np.max(logits, axis=-1, keepdims=True)) / temperature
    return shifted - np.log(total(np.exp(shifted)))


def probabilities(target, target_is, temperature):
    if target_is == "probabilities":
        return target, np.log(target)
    log_p = target if target_is == "log_probabilities" else log_softmax(target, temperature)
    return np.exp(log_p), log_p


def total(terms):
    return np.sum(terms, axis=-1, keepdims=True)


def kl(p, log_p, log_q):
    return np.sum(np.where(p == 0, 0, p * (log_p - log_q)), axis=-1)


def js(log_p, log_q, beta):
    p, q = np.exp(log_p), np.exp(log_q)
    if beta in (0, 1):
        return kl(q, log_q, log_p) if beta else kl(p, log_p, log_q)
    log_m = np.log(beta * p + (1 - beta) * q)
    return beta * kl(p, log_p, log_m) + (1 - beta) * kl(q, log_q, log_m)


def by_right(p, log_q):
    return np.exp(log_q) * total(p) - p


def by_left(p, log_p, log_q):
    ratio = np.where(p == 0, 0, log_p - log_q)
    return p * (ratio - total(p * ratio))


def by_given(p, log_p, log_q, target_is):
    derivative = log_p - log_q + 1
    return np.where(p == 0, 0, p * derivative if target_is == "log_probabilities" else derivative)


def js_derivative(log_p, log_q, weight, other):
    p, q = np.exp(log_p), np.exp(log_q)
    if weight == 0 or other == 0:
        return by_right(q, log_p) if weight else by_left(p, log_p, log_q)
    log_m = np.log(weight * p + other * q)
    return weight * by_left(p, log_p, log_m)


def of_samples(upstream):
    return upstream[..., None] if np.ndim(upstream) else upstream


class Rows:
    def __init__(
        self,
        input,
        target,
        *,
        temperature,
        axis=-1,
        scale_by_temperature_squared=True,
        reduction="batchmean",
        where=None,
        dtype=None,
    ):
        check(input, target, axis, temperature, scale_by_temperature_squared, reduction)
        if where is not None and where.ndim < input.ndim:
            where = np.expand_dims(where, axis)
        check_mask(input, where, axis)
        self.dtypes, self.axis, self.reduction = (input.dtype, target.dtype), axis, reduction
        self.dtype = np.promote_types(*self.dtypes) if dtype is None else dtype
        wide = np.result_type(*self.dtypes, self.dtype, np.float32)
        sides = (np.moveaxis(side, axis, -1).astype(wide) for side in (input, target))
        self.input, self.target = sides
        self.chosen, self.masked = np.ones(self.input.shape[:-1], dtype=bool), where is not None
        if self.masked:
            self.chosen = np.moveaxis(where, axis, -1)[..., 0]
        self.scale = temperature**2 if scale_by_temperature_squared else 1.0

    def reduced(self, samples):
        samples = np.where(self.chosen, samples, 0) * self.scale
        if self.reduction != "none":
            samples = np.sum(samples) / self.divisor()
        return np.asarray(samples, dtype=self.dtype)

    def gradients(self, by_input, by_target, upstream):
        factor = of_samples(upstream) * self.scale / self.divisor()
        chosen = self.chosen[..., None]
        return tuple(
            np.moveaxis(np.where(chosen, derivative * factor, 0), -1, self.axis).astype(dtype)
            for derivative, dtype in zip((by_input, by_target), self.dtypes, strict=True)
        )

    def divisor(self):
        if self.reduction == "mean":
            return int(np.sum(self.chosen)) or int(self.masked) or math.nan
        if self.reduction == "batchmean" and self.chosen.ndim:
            return self.chosen.shape[0] or math.nan
        return 1


def check(input, target, axis, temperature, scale, reduction):
    for operand in (input, target):
        if not isinstance(operand, np.ndarray):
            raise TypeError("not an array")
        if operand.dtype.kind != "f":
            raise TypeError("not real floating")
    if input.shape != target.shape:
        raise ValueError("shapes differ")
    if reduction not in REDUCTIONS:
        raise ValueError(reduction)
    if not isinstance(scale, bool):
        raise TypeError("the factor is a bool")
    check_number(temperature)
    if not 0 < temperature < math.inf:
        raise ValueError("temperature is positive")
    if type(axis) is not int:
        raise TypeError("axis is an int")
    if not -input.ndim <= axis < input.ndim:
        raise ValueError("no such axis")


def check_mask(input, where, axis):
    if where is None:
        return
    if where.dtype != bool:
        raise TypeError("a mask is of bools")
    shape = list(input.shape)
    shape[axis] = 1
    if where.shape != tuple(shape):
        raise ValueError("mask of another shape")


def check_number(value):
    if type(value) not in (int, float):
        raise TypeError("no number")


def check_beta(beta):
    check_number(beta)
    if not 0 <= beta <= 1:
        raise ValueError("beta is a weight")


def check_kind(target_is):
    if target_is not in KINDS:
        raise ValueError(target_is)
