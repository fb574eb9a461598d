"""The same five losses by calls."""

import jax.numpy as jnp
import torch

from kldiv_xp import (
    js_div_with_logits,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
    sparse_kl_div_with_logits,
)


# TRL multiplies by no T**2.
def trl(student, teacher, labels, beta=0.5, temperature=2.0):
    options = {"temperature": temperature, "scale_by_temperature_squared": False}
    where = labels != -100
    return js_div_with_logits(student, teacher, beta=beta, where=where, reduction="mean", **options)


# torchtune gives the cross-entropy, which has the same gradient: less the entropy of the teacher.
def torchtune(hidden, weight, teacher, teacher_weight, labels):
    options = {"where": labels != -100, "reduction": "mean", "dtype": torch.float32}
    return linear_kl_div(hidden, weight, teacher, target_weight=teacher_weight, **options)


def distillkit(student, places, log_p, labels):
    options = {"target_is": "log_probabilities", "where": labels != -100, "reduction": "mean"}
    return sparse_kl_div_with_logits(student, places, log_p, **options)


def tunix(student, teacher, temperature=2.0):
    options = {"reduction": "mean", "dtype": jnp.float32}
    return kl_div_with_logits(student, teacher, temperature=temperature, **options)


def estimator(x, coef, teacher, temperature=2.0):
    options = {"temperature": temperature, "return_value": True}
    loss, by_scores, _ = kl_div_with_logits_gradient(x @ coef, teacher, **options)
    return loss, x.T @ by_scores
