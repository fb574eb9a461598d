"""Distil into a student whose logits lie on four devices of JAX, two by two parts of them.

To run it: python examples/distributed_jax.py
"""

import os
import re

# Four devices of an ordinary processor; where there are accelerators this changes nothing.
os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=4")

import jax
import jax.numpy as jnp
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from kldiv_xp import kl_div_with_logits

BATCH, VOCABULARY, WIDTH = 64, 4096, 32
TEMPERATURE = 2.0
STEPS = 60
RATE = 100.0


def grid(rows, columns):
    """Devices in a grid: the batch goes down its rows, the vocabulary along its columns."""
    devices = jax.devices()[: rows * columns]
    names, kinds = ("batch", "vocabulary"), (AxisType.Auto,) * 2
    return jax.make_mesh((rows, columns), names, axis_types=kinds, devices=devices)


def lesson(mesh):
    """Features of the batch, the teacher's logits, and the head of a student that knows nothing."""

    def on(array, *axes):
        return jax.device_put(array, NamedSharding(mesh, PartitionSpec(*axes)))

    first, second = jax.random.split(jax.random.key(0))
    features = jax.random.normal(first, (BATCH, WIDTH))
    head = jax.random.normal(second, (WIDTH, VOCABULARY)) / 4
    student = on(jnp.zeros((WIDTH, VOCABULARY)), None, "vocabulary")
    return student, on(features, "batch", None), on(features @ head, "batch", "vocabulary")


@jax.jit
def step(head, features, teacher):
    """Head after one step of gradient descent, and the loss before it."""

    def loss(head):
        return kl_div_with_logits(features @ head, teacher, temperature=TEMPERATURE)

    value, derivative = jax.value_and_grad(loss)(head)
    return head - RATE * derivative, value


def train(mesh):
    """Loss of every step, and what the devices tell each other in one of them."""
    head, features, teacher = lesson(mesh)
    program = step.lower(head, features, teacher).compile()
    curve = []
    for _ in range(STEPS):
        head, value = program(head, features, teacher)
        curve.append(float(value))
    pattern = r"(all-reduce|all-gather|all-to-all|collective-permute|reduce-scatter)(?:-start)?\("
    return curve, re.findall(pattern, program.as_text())


def main():
    curve, collectives = train(grid(2, 2))
    alone, none = train(grid(1, 1))
    kinds = ", ".join(f"{collectives.count(kind)} {kind}" for kind in sorted(set(collectives)))
    difference = max(abs(a / b - 1) for a, b in zip(curve, alone, strict=True))

    print(f"{BATCH} samples of {VOCABULARY} tokens on {len(jax.devices())} devices, {STEPS} steps")
    print(f"loss fell from {curve[0]:.3f} to {curve[-1]:.3f} nats per sample")
    print(f"what a step sends: {kinds}")
    print(f"on a single device every loss is the same but for {difference:.0e} of it")
    return curve, alone, collectives, none


if __name__ == "__main__":
    main()
