"""Operands of the losses, in the sizes for training and for measuring memory."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import torch

SMALL = {"tokens": 64, "width": 16, "classes": 128, "known": 8}
LARGE = {"tokens": 2048, "width": 512, "classes": 32000, "known": 64}


def of_client(name, size):
    """Learned and constant operands, as arrays of the program's library."""
    rng = np.random.default_rng(11)
    tokens, width, classes, known = size.values()

    def normal(*shape, scale=1.0):
        return np.float32(scale) * rng.standard_normal(shape, "float32")

    labels = np.where(rng.random(tokens) < 0.25, -100, 0)
    small = width**-0.5
    if name == "torchtune":
        hidden, weight = normal(tokens, width), normal(classes, width, scale=small)
        others = normal(tokens, width), normal(classes, width, scale=small)
        return tensors(hidden, weight), tensors(*others, labels)
    if name == "estimator":
        x, teacher = normal(tokens, width), normal(tokens, classes)
        return [normal(width, classes, scale=small)], [x, teacher]
    student, teacher = normal(tokens, classes), normal(tokens, classes)
    if name == "tunix":
        return [jnp.asarray(student)], [jnp.asarray(teacher)]
    if name == "trl":
        return tensors(student), tensors(teacher, labels)
    log_p, places = torch.log_softmax(3 * torch.from_numpy(teacher), -1).topk(known)
    return tensors(student), [places, log_p, *tensors(labels)]


def tensors(*arrays):
    return [torch.from_numpy(one) for one in arrays]


def value_and_gradient(name, loss):
    """Function of what is learned and of the other operands."""
    if name == "estimator":
        return partial(numpy_step, loss)
    if name == "tunix":
        return partial(jax_step, jax.jit(jax.value_and_grad(loss)))
    return partial(torch_step, loss)


def numpy_step(loss, learned, others):
    (coef,), (x, teacher) = learned, others
    value, derivative = loss(x, coef, teacher)
    return float(value), [derivative]


def jax_step(compiled, learned, others):
    value, derivative = jax.block_until_ready(compiled(*learned, *others))
    return float(value), [derivative]


def torch_step(loss, learned, others):
    leaves = [one.detach().requires_grad_() for one in learned]
    value = loss(*leaves, *others)
    return value.item(), torch.autograd.grad(value, leaves)
