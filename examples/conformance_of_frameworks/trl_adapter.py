"""TRL's generalised Jensen-Shannon divergence, of the trainer for on-policy distillation."""

from trl.experimental.gkd import GKDTrainer


def kl_div(*_, **__):
    raise NotImplementedError("TRL takes logits.")


def js_div_with_logits(
    input, target, *, reduction, temperature, beta, axis, scale_by_temperature_squared
):
    if axis not in {-1, input.ndim - 1} or reduction == "mean":
        raise NotImplementedError("TRL's words are the last axis, and its mean is of their terms.")
    if scale_by_temperature_squared and temperature != 1:
        raise NotImplementedError("TRL has no factor for the temperature.")
    loss = GKDTrainer.generalized_jsd_loss
    found = loss(input, target, beta=beta, temperature=temperature, reduction=reduction)
    return found.sum(-1) if reduction == "none" else found
