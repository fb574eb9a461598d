"""A plain divergence from hidden states, with gradients by them and by the weight, for mutants."""

import math

import numpy as np


def linear_kl_div(input, weight, target, **options):
    check(input, weight, **options)
    rows = Rows(input, weight, target, **options)
    with np.errstate(all="ignore"):
        return rows.reduced(rows.divergences())


def linear_kl_div_gradient(input, weight, target, **options):
    both = derivatives(input, weight, target, **options)
    return tuple(one.astype(input.dtype) for one in both)


def check(input, weight, *, indices=None, where=None, **options):
    if where is not None and where.dtype != bool:
        raise TypeError("where must hold bools")
    samples = input.shape[:-1]
    if where is not None and where.shape not in (samples, (*samples, 1)):
        raise ValueError("where must have the shape of the samples")
    if indices is None:
        return
    if indices.dtype.kind not in "iu":
        raise TypeError("indices must be integers")
    ordered = np.sort(indices, axis=-1)
    if np.any((ordered < 0) | (ordered >= len(weight))) or np.any(np.diff(ordered) == 0):
        raise ValueError("indices must name each place of a sample once")


def derivatives(input, weight, target, *, upstream, **options):
    rows = Rows(input, weight, target, **options)
    with np.errstate(all="ignore"):
        derivative = rows.derivatives() / rows.temperature
        derivative = np.where(
            rows.chosen[..., None],
            derivative * (of_samples(upstream) * rows.scale / rows.divisor()),
            0,
        )
        states = np.where(rows.chosen[..., None], input, 0)
        return derivative @ weight, by_weight(derivative, states)


def by_weight(derivative, states):
    rows = tuple(range(states.ndim - 1))
    return np.tensordot(derivative, states, (rows, rows))


def log_softmax(logits, temperature):
    shifted = (logits - np.max(logits, axis=-1, keepdims=True)) / temperature
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def kl(p, log_p, log_q):
    return np.sum(np.where(p == 0, 0, p * (log_p - log_q)), axis=-1)


def of_samples(upstream):
    return upstream[..., None] if np.ndim(upstream) else upstream


class Rows:
    def __init__(
        self,
        input,
        weight,
        target,
        *,
        bias=0.0,
        target_weight=None,
        target_bias=0.0,
        indices=None,
        tail="bucket",
        target_is="logits",
        beta=0.0,
        temperature=1.0,
        scale_by_temperature_squared=True,
        reduction="batchmean",
        where=None,
        dtype=None,
    ):
        given = np.result_type(input.dtype, weight.dtype, target.dtype)
        self.dtype = given if dtype is None else dtype
        wide = np.result_type(given, self.dtype, np.float32)
        states, weight, target = (one.astype(wide) for one in (input, weight, target))
        self.beta, self.temperature, self.reduction = beta, temperature, reduction
        self.chosen = np.ones(input.shape[:-1], dtype=bool)
        self.masked = where is not None
        if self.masked:
            self.chosen = where[..., 0] if where.ndim == input.ndim else where
        self.scale = temperature**2 if scale_by_temperature_squared else 1.0
        with np.errstate(all="ignore"):
            self.log_q = log_softmax(states @ weight.T + bias, temperature)
            if target_weight is not None:
                target = target @ target_weight.T + target_bias
            if target_is == "logits":
                target = log_softmax(target, temperature)
            self.log_p = np.log(target) if target_is == "probabilities" else target
            self.every, self.indices, self.tail = self.log_q, indices, tail
            if indices is not None:
                self.look_at_rest()
            self.p, self.q = np.exp(self.log_p), np.exp(self.log_q)

    def look_at_rest(self):
        p, q = np.exp(self.log_p), np.exp(self.log_q)
        np.put_along_axis(q, self.indices, 0, axis=-1)
        self.log_q = np.take_along_axis(self.log_q, self.indices, axis=-1)
        if self.tail == "renormalize":
            self.log_p = self.log_p - np.log(np.sum(p, axis=-1, keepdims=True))
        if self.tail == "bucket":
            rests = 1 - np.sum(p, axis=-1, keepdims=True), np.sum(q, axis=-1, keepdims=True)
            pairs = zip((self.log_p, self.log_q), rests, strict=True)
            self.log_p, self.log_q = (np.append(a, np.log(b), axis=-1) for a, b in pairs)

    def divergences(self):
        if self.beta == 0:
            return kl(self.p, self.log_p, self.log_q)
        if self.beta == 1:
            return kl(self.q, self.log_q, self.log_p)
        log_m = np.log(self.beta * self.p + (1 - self.beta) * self.q)
        of_p, of_q = kl(self.p, self.log_p, log_m), kl(self.q, self.log_q, log_m)
        return self.beta * of_p + (1 - self.beta) * of_q

    def derivatives(self):
        if self.indices is not None:
            q = np.exp(self.every)
            spread = q * 0
            if self.tail == "bucket":
                spread = q * np.exp(self.log_p - self.log_q)[..., -1:]
            size = self.indices.shape[-1]
            np.put_along_axis(spread, self.indices, self.p[..., :size], axis=-1)
            return q * np.sum(self.p, axis=-1, keepdims=True) - spread
        if self.beta == 0:
            return self.q * np.sum(self.p, axis=-1, keepdims=True) - self.p
        log_m = np.log(self.beta * self.p + (1 - self.beta) * self.q)
        ratio = self.log_q - (self.log_p if self.beta == 1 else log_m)
        mean = np.sum(self.q * ratio, axis=-1, keepdims=True)
        return (1 if self.beta == 1 else 1 - self.beta) * self.q * (ratio - mean)

    def reduced(self, samples):
        samples = np.where(self.chosen, samples, 0) * self.scale
        if self.reduction != "none":
            samples = np.sum(samples) / self.divisor()
        return np.asarray(samples, dtype=self.dtype)

    def divisor(self):
        if self.reduction == "mean":
            return int(np.sum(self.chosen)) or int(self.masked) or math.nan
        if self.reduction == "batchmean" and self.chosen.ndim:
            return len(self.chosen) or math.nan
        return 1
