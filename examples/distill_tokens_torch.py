"""Distil a teacher of token sequences into a small student in PyTorch, whatever the padding holds.

To run it: python examples/distill_tokens_torch.py
"""

import torch

from kldiv_xp import kl_div_with_logits

BATCH, SEQUENCE, VOCABULARY, WIDTH = 32, 12, 40, 16
TEMPERATURE = 2.0
STEPS = 150
RATE = 0.03


def new_student():
    """Logits of the next token, from an embedding of this one."""
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Embedding(VOCABULARY, WIDTH), torch.nn.Linear(WIDTH, VOCABULARY)
    )


def sentences(generator):
    """Tokens of sentences of 3 to 12 tokens, and the mask of what is no padding."""
    tokens = torch.randint(VOCABULARY, (BATCH, SEQUENCE), generator=generator)
    lengths = torch.randint(3, SEQUENCE + 1, (BATCH, 1), generator=generator)
    real = torch.arange(SEQUENCE) < lengths
    return torch.where(real, tokens, 0), real


def spoil(tokens, teacher, real, generator):
    """The same sentences with any token, and NaN for a teacher's logit, in the padding."""
    garbage = torch.randint(VOCABULARY, tokens.shape, generator=generator)
    spoiled = torch.where(real[..., None], teacher, torch.nan)
    return torch.where(real, tokens, garbage), spoiled


def train(tokens, teacher, real):
    """Loss of every step, in nats per token."""
    student = new_student()
    optimizer = torch.optim.Adam(student.parameters(), lr=RATE)
    curve = []
    for _ in range(STEPS):
        # Mean over the tokens that `real` selects, not over the padded rectangle.
        loss = kl_div_with_logits(
            student(tokens), teacher, temperature=TEMPERATURE, reduction="mean", where=real
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


def main():
    generator = torch.Generator().manual_seed(0)
    table = 2 * torch.randn((VOCABULARY, VOCABULARY), generator=generator)  # the teacher
    tokens, real = sentences(generator)
    clean = train(tokens, table[tokens], real)
    spoiled = train(*spoil(tokens, table[tokens], real, generator), real)

    padding = 1 - real.float().mean().item()
    print(f"{BATCH} sentences, {padding:.0%} of their tokens padding, {STEPS} steps")
    print(f"loss fell from {clean[0]:.3f} to {clean[-1]:.3f} nats per token")
    answer = "the same, bit for bit" if spoiled == clean else "DIFFERENT"
    print(f"with NaN and random tokens in the padding, every loss was {answer}")
    return clean, spoiled


if __name__ == "__main__":
    main()
