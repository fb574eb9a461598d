"""The memory that a step takes, on Linux."""

from pathlib import Path

import jax
from operands import of_client, value_and_gradient


def of_step(loss, size):
    """Most MiB beside the operands in the second of two steps, the gradient among them."""
    learned, others = of_client(loss.__name__, size)
    if loss.__name__ == "tunix":
        return of_program(loss, *learned, *others)
    step = value_and_gradient(loss.__name__, loss)
    step(learned, others)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak
    held = peak()
    step(learned, others)
    return peak() - held


def of_program(loss, *operands):
    """The same as XLA tells it, which keeps freed memory: a second step would show none."""
    compiled = jax.jit(jax.value_and_grad(loss)).lower(*operands).compile()
    told = compiled.memory_analysis()
    return (told.temp_size_in_bytes + told.output_size_in_bytes) / 2**20


def peak():
    """Most memory held, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
