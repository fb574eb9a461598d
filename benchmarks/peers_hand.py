"""The peer by hand: NumPy's functions in blocks that fit the cache, with no check and no guard."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.cases import Case
from benchmarks.kernels import ROW, in_blocks
from benchmarks.peers_numpy import processors

Function = Callable[[], object]
Add = Callable[[int], float]

BLOCK_ELEMENTS = 1 << 17
"""Elements of a block of logits: four such arrays fit the cache."""


def by_hand(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The loss by as few calls as there can be; of logits with its derivative, if asked for."""
    if case.size < ROW:
        return of_tensors(log_q, target)
    threads = processors()
    pool = ThreadPoolExecutor(threads)
    made = adder_of_logits if case.logits else adder_in_log_space

    def loss() -> float:
        return sum(pool.map(made(case, log_q, target, threads), range(threads)))

    return loss


def of_tensors(log_q: np.ndarray, target: np.ndarray) -> Function:
    """Sum of few terms of torch's tensors, which are lent to NumPy and come back as one."""
    import torch

    x, p = torch.from_numpy(log_q), torch.from_numpy(target)

    def loss() -> torch.Tensor:
        q, t = x.numpy(), p.numpy()
        total = np.vdot(np.subtract(np.log(t), q), t)
        return torch.from_numpy(np.array(total / len(t), dtype=t.dtype))

    return loss


def adder_in_log_space(case: Case, log_q: np.ndarray, log_p: np.ndarray, threads: int) -> Add:
    """Function that adds up exp(log p) (log p - log q) of a thread's blocks."""
    del case
    blocks = list(zip(*map(in_blocks, (log_q, log_p)), strict=True))

    def add(place: int) -> float:
        p, difference, total = *np.empty((2, blocks[0][0].size), log_q.dtype), 0.0
        for x, t in blocks[place::threads]:
            np.exp(t, out=p)
            np.subtract(t, x, out=difference)
            total += float(np.vecdot(p.reshape(-1, ROW), difference.reshape(-1, ROW)).sum())
        return total

    return add


def adder_of_logits(case: Case, input: np.ndarray, target: np.ndarray, threads: int) -> Add:
    """Function that adds up the divergences of a thread's rows, and writes (q - p) if asked."""
    step = max(1, BLOCK_ELEMENTS // input.shape[1])
    places = [slice(start, start + step) for start in range(0, len(input), step)]
    result = np.empty_like(input) if case.backward else None

    def add(place: int) -> float:
        memory, total = np.empty((3, step, input.shape[1]), input.dtype), 0.0
        for rows in places[place::threads]:
            x, t = input[rows], target[rows]
            p, q, difference = memory[:, : len(x)]
            np.subtract(t, t.max(axis=1, keepdims=True), out=p)
            np.subtract(x, x.max(axis=1, keepdims=True), out=q)
            np.subtract(p, q, out=difference)
            sum_p, sum_q = np.exp(p, out=p).sum(axis=1), np.exp(q, out=q).sum(axis=1)
            total += float((np.vecdot(p, difference) / sum_p + np.log(sum_q / sum_p)).sum())
            if result is not None:
                np.multiply(q, (1 / sum_q)[:, None], out=q)
                np.multiply(p, (1 / sum_p)[:, None], out=p)
                np.subtract(q, p, out=result[rows])
        return total

    return add
