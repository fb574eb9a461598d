"""Plain divergences from logits on torch, differentiated by autograd, for mutants."""

import torch


def kl_div_with_logits(input, target, *, target_is="logits", temperature=1.0, **options):
    rows = Rows(input, target, **options)
    log_q = log_softmax(rows.input, temperature)
    log_p = given(rows.target, target_is, temperature)
    p = rows.target if target_is == "probabilities" else torch.exp(log_p)
    return rows.reduced(kl(p, log_p, log_q), temperature)


def js_div_with_logits(input, target, *, beta=0.5, temperature=1.0, **options):
    rows = Rows(input, target, **options)
    log_q = log_softmax(rows.input, temperature)
    log_p = log_softmax(rows.target, temperature)
    return rows.reduced(js(log_p, log_q, beta), temperature)


def log_softmax(logits, temperature):
    top = logits.detach().amax(dim=-1, keepdim=True)  # its derivative is 0, but for rounding
    return torch.log_softmax((logits - top) / temperature, dim=-1)


def given(target, target_is, temperature):
    if target_is == "probabilities":
        return torch.log(torch.where(target == 0, 1.0, target))
    return target if target_is == "log_probabilities" else log_softmax(target, temperature)


def kl(p, log_p, log_q):
    excluded = p == 0
    ratio = torch.where(excluded, 0.0, log_p) - torch.where(excluded, 0.0, log_q)
    return (torch.where(excluded, 0.0, p) * ratio).sum(dim=-1)


def js(log_p, log_q, beta):
    p, q = torch.exp(log_p), torch.exp(log_q)
    if beta in (0, 1):
        return kl(p, log_p, log_q) if beta == 0 else kl(q, log_q, log_p)
    m = beta * p + (1 - beta) * q
    log_m = torch.log(torch.where(m == 0, 1.0, m))
    return beta * kl(p, log_p, log_m) + (1 - beta) * kl(q, log_q, log_m)


class Rows:
    def __init__(
        self,
        input,
        target,
        *,
        axis=-1,
        scale_by_temperature_squared=True,
        reduction="batchmean",
        where=None,
        dtype=None,
    ):
        self.dtype = torch.promote_types(input.dtype, target.dtype)
        wide = torch.promote_types(self.dtype, torch.float32)
        if dtype is not None:
            self.dtype, wide = dtype, torch.promote_types(wide, dtype)
        rows = (torch.movedim(side, axis, -1).to(wide) for side in (input, target))
        self.input, self.target = rows
        self.chosen = torch.ones(self.input.shape[:-1], dtype=torch.bool)
        self.nothing = float("nan") if where is None else 1
        if where is not None:
            where = where.unsqueeze(axis) if where.ndim < input.ndim else where
            self.chosen = torch.movedim(where, axis, -1)[..., 0]
            self.input = torch.where(self.chosen[..., None], self.input, 0.0)
            self.target = torch.where(self.chosen[..., None], self.target, 0.0)
        self.scaled, self.reduction = scale_by_temperature_squared, reduction

    def reduced(self, samples, temperature):
        samples = samples * temperature**2 if self.scaled else samples
        samples = torch.where(self.chosen, samples, 0.0)
        if self.reduction != "none":
            total = samples.sum()
            samples = total / self.divisor()
        return samples.to(self.dtype)

    def divisor(self):
        if self.reduction == "mean":
            return int(self.chosen.sum()) or 1 if self.chosen.numel() else self.nothing
        return self.chosen.shape[0] if self.reduction == "batchmean" and self.chosen.ndim else 1
