"""Losses as they are published, on torch: few guards, few options; for mutants."""

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it


def kl_div(input, target, *, reduction="mean", log_target=False):
    if log_target:
        terms = torch.exp(target) * (target - input)
    else:
        terms = torch.xlogy(target, target) - target * input
    if reduction == "batchmean":
        return terms.sum() / input.size(0)
    if reduction == "mean":
        return terms.mean()
    return terms.sum() if reduction == "sum" else terms


# The loss of knowledge distillation: Hinton, Vinyals and Dean, https://arxiv.org/abs/1503.02531.
def kl_div_with_logits(
    input,
    target,
    *,
    temperature=1.0,
    target_is="logits",
    scale_by_temperature_squared=True,
    reduction="batchmean",
    axis=-1,
):
    if target_is != "logits":
        raise NotImplementedError("the teacher gives logits")
    student = F.log_softmax(input / temperature, dim=axis)
    teacher = F.softmax(target / temperature, dim=axis)
    loss = F.kl_div(student, teacher, reduction="none").sum(dim=axis)
    loss = reduced(loss, reduction)
    return loss * temperature**2 if scale_by_temperature_squared else loss


# The generalised Jensen-Shannon divergence, https://arxiv.org/abs/2306.13649, of trainers.
def js_div_with_logits(
    input,
    target,
    *,
    beta=0.5,
    temperature=1.0,
    scale_by_temperature_squared=True,
    reduction="batchmean",
    axis=-1,
):
    student_log_probs = F.log_softmax(input / temperature, dim=axis)
    teacher_log_probs = F.log_softmax(target / temperature, dim=axis)
    if beta == 0:
        jsd = F.kl_div(student_log_probs, teacher_log_probs, reduction="none", log_target=True)
    elif beta == 1:
        jsd = F.kl_div(teacher_log_probs, student_log_probs, reduction="none", log_target=True)
    else:
        weight = torch.tensor(beta, dtype=student_log_probs.dtype)
        mixture_log_probs = torch.logsumexp(
            torch.stack(
                [student_log_probs + torch.log1p(-weight), teacher_log_probs + torch.log(weight)]
            ),
            dim=0,
        )
        kl_teacher = F.kl_div(
            mixture_log_probs, teacher_log_probs, reduction="none", log_target=True
        )
        kl_student = F.kl_div(
            mixture_log_probs, student_log_probs, reduction="none", log_target=True
        )
        jsd = weight * kl_teacher + (1 - weight) * kl_student
    loss = reduced(jsd.sum(dim=axis), reduction)
    return loss * temperature**2 if scale_by_temperature_squared else loss


def reduced(samples, reduction):
    if reduction == "batchmean":
        return samples.sum() / (samples.size(0) if samples.dim() else 1)
    if reduction == "mean":
        return samples.mean()
    return samples.sum() if reduction == "sum" else samples
