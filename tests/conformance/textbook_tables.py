"""A plain Jensen-Shannon divergence of two tables, with gradients, for mutants."""

import math

import numpy as np


def js_div(input, target, *, beta=0.5, **options):
    tables = Tables(input, target, **options)
    with np.errstate(all="ignore"):
        q, p, log_q, log_p = tables.probabilities()
        if beta == 0:
            return tables.reduced(kl(p, log_p, log_q) - p + q)
        if beta == 1:
            return tables.reduced(kl(q, log_q, log_p) - q + p)
        log_m = np.log(beta * p + (1 - beta) * q)
        return tables.reduced(beta * kl(p, log_p, log_m) + (1 - beta) * kl(q, log_q, log_m))


def js_div_gradient(input, target, *, upstream, beta=0.5, **options):
    tables = Tables(input, target, **options)
    with np.errstate(all="ignore"):
        q, p, log_q, log_p = tables.probabilities()
        if beta in (0, 1):
            left, right = ((p, log_p), (q, log_q))[:: -1 if beta else 1]
            derivatives = [1 - left[0] / right[0], left[1] - right[1]]
            by_input, by_target = derivatives[:: -1 if beta else 1]
        else:
            log_m = np.log(beta * p + (1 - beta) * q)
            by_input, by_target = (1 - beta) * (log_q - log_m), beta * (log_p - log_m)
        by_input = by_input * q if tables.log_input else by_input
        by_target = by_target * p if tables.log_target else by_target
        is_finite = beta != 0 or tables.log_input
        q = np.where(is_finite | (p == 0), q, 1)
        derivatives = np.where(q == 0, 0, by_input), np.where(p == 0, 0, by_target)
        return tables.gradients(derivatives, upstream)


def kl(p, log_p, log_q):
    return np.where(p == 0, 0, p * (log_p - log_q))


class Tables:
    def __init__(
        self,
        input,
        target,
        *,
        log_input=True,
        log_target=False,
        axis=-1,
        reduction="batchmean",
        where=None,
        dtype=None,
    ):
        self.log_input, self.log_target, self.reduction = log_input, log_target, reduction
        self.dtypes = input.dtype, target.dtype
        self.dtype = np.promote_types(*self.dtypes) if dtype is None else dtype
        wide = np.result_type(*self.dtypes, self.dtype, np.float32)
        self.input, self.target = input.astype(wide), target.astype(wide)
        self.axis, self.masked = () if axis is None else axis, where is not None
        if where is not None and where.dtype != bool:
            raise TypeError("where must hold bools")
        if where is not None and where.ndim < input.ndim:
            where = np.expand_dims(where, axis)
        kept = np.sum(np.zeros(input.shape), axis=self.axis, keepdims=True).shape
        if where is not None and where.shape not in (input.shape, kept):
            raise ValueError("where must have the shape of the operands or their samples")
        self.chosen = np.ones(input.shape, dtype=bool) if where is None else where
        self.chosen = np.broadcast_to(self.chosen, input.shape)

    def probabilities(self):
        q = np.exp(self.input) if self.log_input else self.input
        p = np.exp(self.target) if self.log_target else self.target
        log_q = self.input if self.log_input else np.log(self.input)
        log_p = self.target if self.log_target else np.log(self.target)
        return q, p, log_q, log_p

    def reduced(self, terms):
        samples = np.sum(np.where(self.chosen, terms, 0), axis=self.axis)
        if self.reduction != "none":
            samples = np.sum(samples) / self.divisor()
        return np.asarray(samples, dtype=self.dtype)

    def gradients(self, derivatives, upstream):
        if self.axis is not None and np.ndim(upstream):
            upstream = np.expand_dims(upstream, self.axis)
        factor = upstream / self.divisor()
        return tuple(
            np.where(self.chosen, derivative * factor, 0).astype(dtype)
            for derivative, dtype in zip(derivatives, self.dtypes, strict=True)
        )

    def divisor(self):
        samples = np.any(self.chosen, axis=self.axis)
        if self.reduction == "mean":
            return int(np.sum(samples)) or int(self.masked) or math.nan
        if self.reduction == "batchmean" and samples.ndim:
            return samples.shape[0] or math.nan
        return 1
