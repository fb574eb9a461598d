"""Distil a teacher of token sequences into a small student in JAX, whatever the padding holds.

To run it: python examples/distill_tokens_jax.py
"""

import jax
import jax.numpy as jnp

from kldiv_xp import kl_div_with_logits

BATCH, SEQUENCE, VOCABULARY, WIDTH = 32, 12, 40, 16
TEMPERATURE = 2.0
STEPS = 150
RATE = 3.0


def sentences(key):
    """Tokens of sentences of 3 to 12 tokens, and the mask of what is no padding."""
    words, ends = jax.random.split(key)
    tokens = jax.random.randint(words, (BATCH, SEQUENCE), 0, VOCABULARY)
    lengths = jax.random.randint(ends, (BATCH, 1), 3, SEQUENCE + 1)
    real = jnp.arange(SEQUENCE) < lengths
    return jnp.where(real, tokens, 0), real


def spoil(tokens, teacher, real, key):
    """The same sentences with any token, and NaN for a teacher's logit, in the padding."""
    garbage = jax.random.randint(key, tokens.shape, 0, VOCABULARY)
    return jnp.where(real, tokens, garbage), jnp.where(real[..., None], teacher, jnp.nan)


def initial_weights(key):
    """Embedding of a token, and the head that gives the logits of the next one."""
    first, second = jax.random.split(key)
    embedding = jax.random.normal(first, (VOCABULARY, WIDTH))
    head = jax.random.normal(second, (WIDTH, VOCABULARY)) * WIDTH**-0.5
    return {"embedding": embedding, "head": head, "bias": jnp.zeros(VOCABULARY)}


def loss(weights, tokens, teacher, real):
    """Divergence in nats per token that `real` selects; the padding does not dilute the mean."""
    student = weights["embedding"][tokens] @ weights["head"] + weights["bias"]
    return kl_div_with_logits(
        student, teacher, temperature=TEMPERATURE, reduction="mean", where=real
    )


@jax.jit
def step(weights, *batch):
    """Weights after one step of gradient descent, and the loss before it."""
    value, gradient = jax.value_and_grad(loss)(weights, *batch)
    return jax.tree.map(lambda w, g: w - RATE * g, weights, gradient), value


def train(*batch):
    """Loss of every step."""
    weights = initial_weights(jax.random.key(1))
    curve = []
    for _ in range(STEPS):
        weights, value = step(weights, *batch)
        curve.append(float(value))
    return curve


def main():
    table, text, noise = jax.random.split(jax.random.key(0), 3)
    teacher = 2 * jax.random.normal(table, (VOCABULARY, VOCABULARY))
    tokens, real = sentences(text)
    clean = train(tokens, teacher[tokens], real)
    spoiled = train(*spoil(tokens, teacher[tokens], real, noise), real)

    padding = 1 - float(real.mean())
    print(f"{BATCH} sentences, {padding:.0%} of their tokens padding, {STEPS} steps")
    print(f"loss fell from {clean[0]:.3f} to {clean[-1]:.3f} nats per token")
    answer = "the same, bit for bit" if spoiled == clean else "DIFFERENT"
    print(f"with NaN and random tokens in the padding, every loss was {answer}")
    return clean, spoiled


if __name__ == "__main__":
    main()
