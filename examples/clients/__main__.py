"""Losses as five programs write them, beside the same by calls: lines, curves and memory.

To run it: python examples/clients
"""

import inspect
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

os.environ["XLA_FLAGS"] = ""  # JAX on one device
# In the processes that are measured, arrays that are freed go back to the system at once.
os.environ["MALLOC_MMAP_THRESHOLD_"] = str(2**20)

import by_calls
import by_hand
from memory import of_step
from operands import LARGE, SMALL, of_client, value_and_gradient

CLIENTS = {
    "trl": "TRL, GKD",
    "torchtune": "torchtune, chunked forward KL",
    "distillkit": "DistillKit, sparse KL",
    "tunix": "tunix, logits under jit",
    "estimator": "an estimator of NumPy arrays",
}
WAYS = (by_hand, by_calls)
# By hand it is the cross-entropy, whose difference is a constant.
LESS_A_CONSTANT = ("torchtune",)
STEPS, RATE = 40, 2.0


def lines_of(function):
    """Lines of the body."""
    source = inspect.getsource(function).splitlines()
    return len([line for line in source[1:] if line.strip()])


def curve(loss):
    """Losses of a short training."""
    name = loss.__name__
    step = value_and_gradient(name, loss)
    learned, others = of_client(name, SMALL)
    values = []
    for _ in range(STEPS):
        value, derivatives = step(learned, others)
        learned = [
            one - RATE * derivative for one, derivative in zip(learned, derivatives, strict=True)
        ]
        values.append(value)
    return values


def difference(name):
    """Largest difference of the two curves, over what the loss begins with."""
    hand, calls = (curve(getattr(way, name)) for way in WAYS)
    constant = hand[0] - calls[0] if name in LESS_A_CONSTANT else 0.0
    gaps = [abs(one - constant - other) for one, other in zip(hand, calls, strict=True)]
    return max(gaps) / calls[0]


def in_a_process(function, *arguments):
    """Result of a function in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def main(size=LARGE):
    """Print a row for each program."""
    print("| program | lines | curves differ by | MiB beside the operands |")
    print("|---|---|---|---|")
    for name, title in CLIENTS.items():
        hand, calls = (lines_of(getattr(module, name)) for module in WAYS)
        before, after = (in_a_process(of_step, getattr(way, name), size) for way in WAYS)
        row = f"{hand} to {calls} | {difference(name):.1e} | {before:.0f} to {after:.0f}"
        print(f"| {title} | {row} |", flush=True)


if __name__ == "__main__":
    main(SMALL if "--quick" in sys.argv else LARGE)
