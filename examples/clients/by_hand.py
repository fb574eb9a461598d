"""The arithmetic of five programs, as each writes it."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it


# TRL, GKDTrainer.generalized_jsd_loss.
def trl(student, teacher, labels, beta=0.5, temperature=2.0):
    log_q = F.log_softmax(student / temperature, dim=-1)
    log_p = F.log_softmax(teacher / temperature, dim=-1)
    if beta == 0:
        jsd = F.kl_div(log_q, log_p, reduction="none", log_target=True)
    elif beta == 1:
        jsd = F.kl_div(log_p, log_q, reduction="none", log_target=True)
    else:
        weight = torch.tensor(beta, dtype=log_q.dtype, device=log_q.device)
        parts = [log_q + torch.log1p(-weight), log_p + torch.log(weight)]
        log_m = torch.logsumexp(torch.stack(parts), dim=0)
        kl_teacher = F.kl_div(log_m, log_p, reduction="none", log_target=True)
        kl_student = F.kl_div(log_m, log_q, reduction="none", log_target=True)
        jsd = weight * kl_teacher + (1 - weight) * kl_student
    mask = labels != -100
    jsd = jsd[mask]
    return jsd.sum() / mask.sum().clamp_min(1)


# torchtune, ForwardKLWithChunkedOutputLoss, and the output layers that make its chunks.
def torchtune(hidden, weight, teacher, teacher_weight, labels, chunks=8):
    parts = [one.chunk(chunks) for one in (hidden, teacher, labels)]
    total = torch.zeros(())
    for states, others, words in zip(*parts, strict=True):
        logits, target = states @ weight.T, others @ teacher_weight.T
        p = F.softmax(target, dim=-1, dtype=torch.float32)
        forbidden = torch.isinf(logits)
        log_q = F.log_softmax(logits, dim=-1, dtype=torch.float32)
        x = torch.sum(torch.masked_fill(p * log_q, forbidden, 0), dim=-1).view(-1)
        mask = (words != -100).int()
        total = total - torch.sum(x * mask.view(-1), dim=0)
    return total / torch.sum(labels != -100)


# DistillKit, sparse_kl_div with missing="symmetric_uniform".
def distillkit(student, places, log_p, labels):
    eps = 1e-8
    log_z = torch.logsumexp(student.to(torch.float32), dim=-1, keepdim=True)
    log_q = student.gather(-1, places) - log_z
    p = torch.exp(log_p)
    inner = torch.sum(p * (log_p - log_q), dim=-1)
    log_rest_p = torch.log1p(-p.sum(dim=-1).clamp(min=eps, max=1 - eps))
    log_rest_q = torch.log1p(-log_q.exp().sum(dim=-1).clamp(min=eps, max=1 - eps))
    missing = torch.exp(log_rest_p) * (log_rest_p - log_rest_q)
    mask = labels != -100
    return torch.sum((inner + missing) * mask) / mask.sum()


# tunix, LogitStrategy.compute_loss: its divergence.
def tunix(student, teacher, temperature=2.0):
    student, teacher = student.astype(jnp.float32), teacher.astype(jnp.float32)
    log_q = jax.nn.log_softmax(student / temperature, axis=-1)
    p = jax.nn.softmax(teacher / temperature, axis=-1)
    log_p = jnp.log(jnp.where(p == 0, 1, p))  # as optax.kl_divergence
    kl = jnp.sum(jnp.where(p == 0, 0, p * (log_p - log_q)), axis=-1)
    return jnp.mean(kl * temperature**2)


# The step of an estimator in scikit-learn's style, that learns from the soft labels of another.
def estimator(x, coef, teacher, temperature=2.0):
    scores, others = x @ coef / temperature, teacher / temperature
    scores = scores - scores.max(axis=1, keepdims=True)
    log_q = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    others = others - others.max(axis=1, keepdims=True)
    log_p = others - np.log(np.exp(others).sum(axis=1, keepdims=True))
    p = np.exp(log_p)
    loss = temperature**2 * np.sum(p * (log_p - log_q)) / len(x)
    derivative = temperature * (np.exp(log_q) - p) / len(x)
    return loss, x.T @ derivative
