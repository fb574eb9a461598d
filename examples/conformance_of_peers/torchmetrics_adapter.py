"""torchmetrics.functional.kl_divergence, of two tables of probabilities, called as kl_div is."""

from torchmetrics.functional import kl_divergence


def kl_div(input, target, *, reduction, log_target):
    if input.ndim != 2 or reduction == "none":
        raise NotImplementedError("torchmetrics takes tables, and gives no less than a row's sum.")
    p, q = (target, input) if log_target else (target, input.exp())
    total = kl_divergence(p, q, log_prob=log_target, reduction="sum")
    return total / {"sum": 1, "mean": input.numel(), "batchmean": input.shape[0]}[reduction]
