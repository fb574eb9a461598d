"""The student, written once for every array library, and how each library differentiates it."""

import numpy as np
from digits import CLASSES

from kldiv_xp import kl_div_with_logits, kl_div_with_logits_gradient

HIDDEN = 16
# The targets are softened beliefs, or labels; `training` scales the steps.
OPTIONS = {"target_is": "probabilities", "scale_by_temperature_squared": False}


def initial_weights(seed, pixels):
    """Weights and biases of two layers, in float64."""
    rng = np.random.default_rng(seed)
    first = rng.normal(0, pixels**-0.5, (pixels, HIDDEN))
    second = rng.normal(0, HIDDEN**-0.5, (HIDDEN, CLASSES))
    return [first, np.zeros(HIDDEN), second, np.zeros(CLASSES)]


def logits(xp, weights, images):
    """Unnormalised log-probabilities of the classes."""
    w1, b1, w2, b2 = weights
    return xp.tanh(images @ w1 + b1) @ w2 + b2


def loss(xp, weights, images, target, temperature):
    """Divergence of the student's softened beliefs from the target, in nats."""
    scores = logits(xp, weights, images)
    return kl_div_with_logits(scores, target, temperature=temperature, **OPTIONS)


def numpy_step(weights, images, target, temperature):
    """Loss and gradient by hand: that of the loss, then back through both layers."""
    w1, b1, w2, b2 = weights
    hidden = np.tanh(images @ w1 + b1)
    value, d_logits, _ = kl_div_with_logits_gradient(
        hidden @ w2 + b2, target, temperature=temperature, return_value=True, **OPTIONS
    )
    d_hidden = d_logits @ w2.T * (1 - hidden**2)
    gradient = [images.T @ d_hidden, d_hidden.sum(0), hidden.T @ d_logits, d_logits.sum(0)]
    return value, gradient


def torch_step(weights, images, target, temperature):
    """Loss and gradient by torch's autograd."""
    import array_api_compat.torch as xp
    import torch

    leaves = [weight.detach().requires_grad_() for weight in weights]
    value = loss(xp, leaves, images, target, temperature)
    return value.detach(), torch.autograd.grad(value, leaves)


def jax_step(weights, images, target, temperature):
    """Loss and gradient by jax.grad."""
    import jax
    import jax.numpy as jnp

    def of_weights(weights):
        return loss(jnp, weights, images, target, temperature)

    return jax.value_and_grad(of_weights)(weights)


def numpy_backend():
    """How to make a NumPy array, and a step."""
    return np.asarray, numpy_step


def torch_backend():
    """How to make a tensor, and a step."""
    import torch

    return torch.asarray, torch_step


def jax_backend():
    """How to make a JAX array of float64, and a step, compiled."""
    import jax

    jax.config.update("jax_enable_x64", val=True)
    return jax.numpy.asarray, jax.jit(jax_step)


BACKENDS = {"numpy": numpy_backend, "torch": torch_backend, "jax": jax_backend}
