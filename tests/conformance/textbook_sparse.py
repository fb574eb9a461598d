"""A plain divergence from a teacher known at some indices, with gradients, for mutants."""

import math

import numpy as np


def sparse_kl_div_with_logits(input, indices, target, **options):
    check(input, indices, **options)
    rows = Rows(input, indices, target, **options)
    with np.errstate(all="ignore"):
        entries = kl(rows.p, rows.log_p, rows.log_q)
        return rows.reduced(
            np.sum(entries, axis=-1) + kl(rows.rest, rows.log_rest, rows.log_q_rest)
        )


def sparse_kl_div_with_logits_gradient(input, indices, target, *, upstream, **options):
    rows = Rows(input, indices, target, **options)
    with np.errstate(all="ignore"):
        mass = np.sum(rows.p, axis=-1) + rows.rest
        spread = rows.others * (rows.rest / np.where(rows.q_rest == 0, 1, rows.q_rest))[..., None]
        np.put_along_axis(spread, rows.indices, rows.p, axis=-1)
        by_input = (rows.q * mass[..., None] - spread) / rows.temperature
        ratio = np.where(rows.p == 0, 0, rows.log_p - rows.log_q)
        if rows.tail == "renormalize":
            derivative = ratio - np.sum(rows.p * ratio, axis=-1, keepdims=True)
            divisors = {"probabilities": rows.total, "logits": rows.temperature}
            derivative = derivative / divisors.get(rows.target_is, 1)
        else:
            of_rest = np.where(rows.rest == 0, -1, rows.log_rest - rows.log_q_rest)
            derivative = ratio - of_rest[..., None]
        if rows.target_is != "probabilities":
            derivative = derivative * rows.p
        return rows.gradients(by_input, np.where(rows.p == 0, 0, derivative), upstream)


def check(input, indices, *, axis=-1, where=None, **options):
    if where is not None and where.dtype != bool:
        raise TypeError("where must hold bools")
    samples = list(input.shape)
    samples[axis] = 1
    flat = [size for place, size in enumerate(samples) if place != axis % input.ndim]
    if where is not None and list(where.shape) not in (samples, flat):
        raise ValueError("where must have the shape of the samples")
    if indices.dtype.kind not in "iu":
        raise TypeError("indices must be integers")
    ordered = np.sort(indices, axis=axis)
    size = input.shape[axis]
    if np.any((ordered < 0) | (ordered >= size)) or np.any(np.diff(ordered, axis=axis) == 0):
        raise ValueError("indices must name each place of a sample once")


def kl(p, log_p, log_q):
    return np.where(p == 0, 0, p * (log_p - log_q))


def log_softmax(logits, temperature):
    shifted = (logits - np.max(logits, axis=-1, keepdims=True)) / temperature
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def of_samples(upstream):
    return upstream[..., None] if np.ndim(upstream) else upstream


class Rows:
    def __init__(
        self,
        input,
        indices,
        target,
        *,
        target_is="log_probabilities",
        tail="bucket",
        axis=-1,
        temperature=1.0,
        scale_by_temperature_squared=True,
        reduction="batchmean",
        where=None,
        dtype=None,
    ):
        self.dtypes, self.reduction, self.axis = (input.dtype, target.dtype), reduction, axis
        self.target_is, self.tail, self.temperature = target_is, tail, temperature
        self.dtype = np.promote_types(*self.dtypes) if dtype is None else dtype
        wide = np.result_type(*self.dtypes, self.dtype, np.float32)
        logits, self.indices, target = (
            np.moveaxis(one, axis, -1) for one in (input.astype(wide), indices, target.astype(wide))
        )
        self.chosen = np.ones(logits.shape[:-1], dtype=bool)
        self.masked = where is not None
        if self.masked:
            is_flat = where.ndim < logits.ndim
            self.chosen = where if is_flat else np.moveaxis(where, axis, -1)[..., 0]
        self.scale = temperature**2 if scale_by_temperature_squared else 1.0
        with np.errstate(all="ignore"):
            self.look_at_student(log_softmax(logits, temperature))
            self.look_at_teacher(target, logits.shape[-1] == target.shape[-1])

    def look_at_student(self, log_q):
        self.q = np.exp(log_q)
        self.log_q = np.take_along_axis(log_q, self.indices, axis=-1)
        self.others = self.q.copy()
        np.put_along_axis(self.others, self.indices, 0, axis=-1)
        self.q_rest = np.sum(self.others, axis=-1)
        self.log_q_rest = np.log(self.q_rest)

    def look_at_teacher(self, target, is_whole):
        if self.target_is == "logits":
            target = log_softmax(target, self.temperature)
        self.p = target if self.target_is == "probabilities" else np.exp(target)
        self.log_p = np.log(target) if self.target_is == "probabilities" else target
        self.total = np.sum(self.p, axis=-1, keepdims=True)
        if self.tail == "renormalize":
            self.p, self.log_p = self.p / self.total, self.log_p - np.log(self.total)
        rest = 1 - self.total[..., 0]
        has_rest = self.tail == "bucket" and not is_whole
        self.rest = np.where(rest > 4e-7, rest, 0) if has_rest else np.zeros_like(rest)
        self.log_rest = np.log(self.rest)

    def reduced(self, samples):
        samples = np.where(self.chosen, samples, 0) * self.scale
        if self.reduction != "none":
            samples = np.sum(samples) / self.divisor()
        return np.asarray(samples, dtype=self.dtype)

    def gradients(self, by_input, by_target, upstream):
        factor = of_samples(upstream) * self.scale / self.divisor()
        return tuple(
            np.moveaxis(
                np.where(self.chosen[..., None], derivative * factor, 0), -1, self.axis
            ).astype(dtype)
            for derivative, dtype in zip((by_input, by_target), self.dtypes, strict=True)
        )

    def divisor(self):
        if self.reduction == "mean":
            return int(np.sum(self.chosen)) or int(self.masked) or math.nan
        if self.reduction == "batchmean" and self.chosen.ndim:
            return self.chosen.shape[0] or math.nan
        return 1
