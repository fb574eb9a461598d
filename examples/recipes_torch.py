"""Losses that are a few lines of those that there are: each function is a recipe.

To run it: python examples/recipes_torch.py
"""

import math

import torch
from torch import Tensor

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits

INF = math.inf


def skewed(student: Tensor, teacher: Tensor, mix: float = 0.1) -> Tensor:
    """KL(p || mix p + (1 - mix) q); finite, with finite gradients, where words are forbidden."""
    p, q = teacher.softmax(-1), student.softmax(-1)
    m = mix * p + (1 - mix) * q
    return kl_div(m, p, log_input=False, axis=-1, reduction="mean")


def reverse(student: Tensor, teacher: Tensor) -> Tensor:
    """KL(q || p), which keeps the student to what the teacher would say."""
    return js_div_with_logits(student, teacher, beta=1.0, reduction="mean")


def symmetric(student: Tensor, teacher: Tensor) -> Tensor:
    """Jeffreys' divergence, KL(p || q) + KL(q || p)."""
    return kl_div_with_logits(student, teacher, reduction="mean") + reverse(student, teacher)


def several_teachers(student: Tensor, teachers: list[Tensor], weights: list[float]) -> Tensor:
    """KL from the mixture of some teachers; the mean of their losses is another number."""
    p = sum(weight * one.softmax(-1) for one, weight in zip(teachers, weights, strict=True))
    return kl_div_with_logits(student, p, target_is="probabilities", reduction="mean")


def weighted(student: Tensor, teacher: Tensor, weights: Tensor) -> Tensor:
    """Mean in which every token has a weight of its own; one of 0 counts for nothing."""
    words = weights > 0
    losses = kl_div_with_logits(student, teacher, reduction="none", where=words)
    return (losses * weights).sum() / weights.sum()


def smoothed_labels(
    logits: Tensor, labels: Tensor, smoothing: float = 0.1, ignore_index: int = -100
) -> Tensor:
    """Label smoothing: torch's cross-entropy less the entropy of the target, a constant."""
    words, size = labels != ignore_index, logits.shape[-1]
    one_hot = torch.nn.functional.one_hot(labels.where(words, 0), size)
    p = one_hot.to(logits.dtype) * (1 - smoothing) + smoothing / size
    return kl_div_with_logits(logits, p, target_is="probabilities", where=words, reduction="mean")


def with_entropy(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Divergence, entropy of the teacher, and their sum, the cross-entropy that some log."""
    log_p = teacher.log_softmax(-1)
    divergence = kl_div_with_logits(student, teacher, reduction="mean")
    # log q = 0 leaves the sum of p log p.
    nothing = torch.zeros_like(log_p)
    entropy = -kl_div(nothing, log_p, log_target=True, axis=-1, reduction="mean")
    return divergence, entropy, divergence + entropy


def decoupled(student: Tensor, teacher: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """DKD's parts: whether it is the label, and which of the others it is if not."""
    picked = torch.nn.functional.one_hot(labels, student.shape[-1]) > 0
    others = student.masked_fill(picked, -INF), teacher.masked_fill(picked, -INF)
    of_label = [
        torch.stack((one[picked].reshape(labels.shape), rest.logsumexp(-1)), -1)
        for one, rest in zip((student, teacher), others, strict=True)
    ]
    target_class = kl_div_with_logits(*of_label, reduction="mean")
    return target_class, kl_div_with_logits(*others, reduction="mean")


def pairwise(q: Tensor, p: Tensor) -> Tensor:
    """Matrix of KL(p[i] || q[j]) of two sets of distributions; nothing is copied to be repeated."""
    shape = len(p), len(q), p.shape[-1]
    rows, columns = q[None].expand(shape), p[:, None].expand(shape)
    return kl_div(rows, columns, log_input=False, axis=-1, reduction="none")


def bits(nats: Tensor) -> Tensor:
    """A loss in bits."""
    return nats / math.log(2)


def from_a_frozen_teacher(student: Tensor, teacher: Tensor) -> Tensor:
    """The teacher learns nothing, also where its logits come with a graph."""
    return kl_div_with_logits(student, teacher.detach(), temperature=2.0)


def part_of_a_batch(student: Tensor, teacher: Tensor, words: Tensor, tokens: int) -> Tensor:
    """Share of a microbatch or rank; `tokens` are those of all, so that all shares are the mean.

    DDP and FSDP average gradients over ranks: multiply by their number there.
    """
    total = kl_div_with_logits(student, teacher, where=words, reduction="sum", dtype=torch.float32)
    return total / tokens


def main() -> None:
    """Print some of them."""
    generator = torch.Generator().manual_seed(0)
    student, teacher, other = torch.randn(3, 4, 6, 32, generator=generator, dtype=torch.float64)
    student[..., :4] = teacher[..., :4] = -INF
    print(f"skewed      {skewed(student, teacher):.6f}")
    print(f"reverse     {reverse(student, teacher):.6f}")
    print(f"symmetric   {symmetric(student, teacher):.6f}")
    print(f"teachers    {several_teachers(other, [student, teacher], [0.5, 0.5]):.6f}")
    divergence, entropy, cross = with_entropy(student, teacher)
    print(f"{divergence:.6f} + {entropy:.6f} = {cross:.6f} nats, {bits(cross):.6f} bits")


if __name__ == "__main__":
    main()
