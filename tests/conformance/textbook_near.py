"""Divergences from logits on NumPy, with gradients, right where rows nearly agree; for mutants."""

import math

import numpy as np


def kl_div_with_logits(input, target, *, temperature=1.0, **options):
    rows = Rows(input, target, temperature, **options)
    with np.errstate(all="ignore"):
        return rows.reduced(kl(rows)[..., 0])


def js_div_with_logits(input, target, *, beta=0.5, temperature=1.0, **options):
    rows = Rows(input, target, temperature, **options)
    with np.errstate(all="ignore"):
        if beta in (0, 1):
            return rows.reduced(kl(rows.exchanged() if beta else rows)[..., 0])
        gamma, (log_p, log_q) = 1 - beta, logarithms(rows, beta)
        m = beta * rows.p + gamma * rows.q
        terms = beta * completed(rows.p, log_p, m) + gamma * completed(rows.q, log_q, m)
        return rows.reduced(np.minimum(total(terms), most(beta))[..., 0])


def kl_div_with_logits_gradient(input, target, *, upstream, temperature=1.0, **options):
    rows = Rows(input, target, temperature, **options)
    with np.errstate(all="ignore"):
        return rows.gradients(by_input(rows), by_target(rows.p, rows.d), upstream)


def js_div_with_logits_gradient(input, target, *, upstream, beta=0.5, temperature=1.0, **options):
    rows = Rows(input, target, temperature, **options)
    with np.errstate(all="ignore"):
        if beta in (0, 1):
            first = rows.exchanged() if beta else rows
            derivatives = by_input(first), by_target(first.p, first.d)
            return rows.gradients(*(derivatives[::-1] if beta else derivatives), upstream)
        log_p, log_q = logarithms(rows, beta)
        derivatives = (1 - beta) * by_target(rows.q, log_q), beta * by_target(rows.p, log_p)
        return rows.gradients(*derivatives, upstream)


def h(d):
    series = sum((-d) ** power / math.factorial(power) for power in range(2, 25))
    return np.where(np.abs(d) < 1, series, d + np.expm1(-d))


def completed(p, log, m):
    return np.where(p > 0, p * h(log), m)


def total(terms):
    return np.sum(terms, axis=-1, keepdims=True)


def kl(rows):
    mean = total(rows.p * rows.d)
    excess = np.where(rows.p > 0, rows.p * h(rows.d - mean), rows.b / rows.sum * np.exp(mean))
    return np.log1p(total(excess))


def log_ratio(rows):
    near = kl(rows)
    exact = np.where(rows.p > 0, rows.d - total(rows.p * rows.d) + near, -80)
    return np.where(near < 1, exact, rows.d + np.log(np.sum(rows.b) / np.sum(rows.sum)))


def logarithms(rows, beta):
    gamma, ratio = 1 - beta, log_ratio(rows)
    return over_mixture(ratio, beta, gamma), over_mixture(-ratio, gamma, beta)


def over_mixture(ratio, beta, gamma):
    share = gamma * np.expm1(-ratio)
    far = np.log(beta + gamma * np.exp(-ratio))
    return -np.where(share > -0.5, np.log1p(np.maximum(share, -0.5)), far)


def most(beta):
    low = min(beta, 1 - beta)
    return -(low * math.log(low) + max(beta, 1 - beta) * math.log1p(-low))


def by_input(rows):
    ratio = log_ratio(rows)
    return np.where(rows.p > 0, rows.p * np.expm1(-ratio), rows.q)


def by_target(p, values):
    values = values - values[..., np.argmax(p)]
    return p * (values - total(p * values))


def of_samples(upstream):
    return upstream[..., None] if np.ndim(upstream) else upstream


class Rows:
    def __init__(
        self,
        input,
        target,
        temperature,
        scale_by_temperature_squared=True,
        reduction="batchmean",
        where=None,
        target_is="logits",
        axis=-1,
    ):
        self.dtypes, self.reduction = (input.dtype, target.dtype), reduction
        self.dtype = np.promote_types(*self.dtypes)
        wide = np.promote_types(self.dtype, np.float32)
        self.temperature = temperature
        self.input, self.target = input.astype(wide), target.astype(wide)
        self.chosen = np.ones(input.shape[:-1], dtype=bool) if where is None else where[..., 0]
        self.scale = temperature**2 if scale_by_temperature_squared else 1.0
        with np.errstate(all="ignore"):
            self.compare()

    def compare(self):
        tops = [np.max(side, axis=-1, keepdims=True) for side in (self.target, self.input)]
        a, self.b = (
            np.exp((side - top) / self.temperature)
            for side, top in zip((self.target, self.input), tops, strict=True)
        )
        self.sum = total(a)
        self.p, self.q = a / self.sum, self.b / total(self.b)
        long = [one.astype(np.longdouble) for one in (self.target, self.input, *tops)]
        d = (long[0] - long[1]) - (long[2] - long[3])
        self.d = np.where(a > 0, d.astype(a.dtype), 0) / self.temperature

    def exchanged(self):
        other = object.__new__(Rows)
        other.__dict__ |= self.__dict__ | {"input": self.target, "target": self.input}
        other.compare()
        return other

    def reduced(self, samples):
        samples = np.where(self.chosen, samples, 0) * self.scale
        if self.reduction != "none":
            samples = np.sum(samples) / self.divisor()
        return np.asarray(samples, dtype=self.dtype)

    def gradients(self, by_input, by_target, upstream):
        factor = of_samples(upstream) * self.scale / self.temperature / self.divisor()
        return tuple(
            np.where(self.chosen[..., None], derivative * factor, 0).astype(dtype)
            for derivative, dtype in zip((by_input, by_target), self.dtypes, strict=True)
        )

    def divisor(self):
        if self.reduction == "mean":
            return int(np.sum(self.chosen)) or 1
        return self.chosen.shape[0] if self.reduction == "batchmean" else 1
