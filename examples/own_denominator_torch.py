"""Divide the loss by a number of one's own: tokens of all ranks and microbatches, in PyTorch.

Ranks and microbatches hold different numbers of tokens. A mean of their means gives a token in a
short one more weight than a token in a long one; sums over the count of all of them do not.

To run it: python examples/own_denominator_torch.py
"""

import torch

from kldiv_xp import kl_div_with_logits

RANKS, MICROBATCHES, SENTENCES, LENGTH, VOCABULARY, WIDTH = 2, 3, 4, 7, 11, 5


def new_student():
    """Logits of the next token, from an embedding of this one; the same on every rank."""
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Embedding(VOCABULARY, WIDTH), torch.nn.Linear(WIDTH, VOCABULARY)
    ).double()


def whole_batch(generator):
    """Tokens, the teacher's logits for them, and the mask of what is no padding."""
    shape = RANKS * MICROBATCHES * SENTENCES, LENGTH
    tokens = torch.randint(VOCABULARY, shape, generator=generator)
    teacher = torch.randn((*shape, VOCABULARY), generator=generator, dtype=torch.float64)
    lengths = torch.randint(1, LENGTH + 1, (shape[0], 1), generator=generator)
    return tokens, teacher, torch.arange(LENGTH) < lengths


def train_alone(batch):
    """Loss and gradients of the whole batch at once: 'mean' divides by the selected tokens."""
    student, (tokens, teacher, real) = new_student(), batch
    loss = kl_div_with_logits(student(tokens), teacher, where=real, reduction="mean")
    loss.backward()
    return loss.item(), [weight.grad for weight in student.parameters()]


def train_on_one_rank(part, count):
    """The same of the part of a rank, one microbatch after another: 'sum' over the count of all.

    Where DistributedDataParallel averages the gradients of ranks, times their number.
    """
    student, total = new_student(), 0.0
    for tokens, teacher, real in zip(*(one.chunk(MICROBATCHES) for one in part), strict=True):
        loss = kl_div_with_logits(student(tokens), teacher, where=real, reduction="sum") / count
        loss.backward()  # gradients of microbatches add up
        total += loss.item()
    return total, [weight.grad for weight in student.parameters()]


def train_in_parts(batch):
    """Sum of what the ranks have: of the counts before the losses, and of the gradients after."""
    parts = list(zip(*(one.chunk(RANKS) for one in batch), strict=True))
    # In processes of their own: torch.distributed.all_reduce(count), once in a step.
    count = sum(real.sum() for _, _, real in parts)
    losses, gradients = zip(*(train_on_one_rank(part, count) for part in parts), strict=True)
    return sum(losses), [sum(grads) for grads in zip(*gradients, strict=True)]


def mean_of_means(batch):
    """Loss where each microbatch divides by its own tokens: another number."""
    student, parts = new_student(), RANKS * MICROBATCHES
    means = [
        kl_div_with_logits(student(tokens), teacher, where=real, reduction="mean").item()
        for tokens, teacher, real in zip(*(one.chunk(parts) for one in batch), strict=True)
    ]
    return sum(means) / parts


def main():
    batch = whole_batch(torch.Generator().manual_seed(0))
    whole, gradients = train_alone(batch)
    split, summed = train_in_parts(batch)
    difference = max((a - b).abs().max().item() for a, b in zip(gradients, summed, strict=True))
    means = mean_of_means(batch)

    print(f"{int(batch[2].sum())} tokens on {RANKS} ranks in {MICROBATCHES} microbatches each")
    print(f"loss of the whole batch:      {whole:.12f}")
    print(f"sums over the count of all:   {split:.12f}")
    print(f"gradients differ by at most:  {difference:.1e}")
    print(f"mean of means, which differs: {means:.12f}")
    return whole, split, difference, means


if __name__ == "__main__":
    main()
