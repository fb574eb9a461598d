"""The targets on a GPU, a row each: what was promised, and how it is read from the results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.gpu.cases import Case

Entry = dict[str, Any]
Entries = dict[str, Entry]


@dataclass(frozen=True)
class Target:
    """A number of each case that must be at least, or at most, so large; the worst case counts."""

    promise: str
    bound: float
    reading: Callable[[Case, Entries], float | None]
    backward: bool = False
    at_most: bool = False
    unit: str = "x"
    loss: str = "kl_div"

    def readings(self, planned: list[Case], measured: dict[str, Entries]) -> dict[str, float]:
        """Name of a case to what was measured there."""
        found = {
            case.name: self.reading(case, measured.get(case.name, {}))
            for case in planned
            if case.backward == self.backward and not case.log_target and case.loss == self.loss
        }
        return {name: value for name, value in found.items() if value is not None}

    def worst(self, values: dict[str, float]) -> float:
        """The value that decides."""
        return max(values.values()) if self.at_most else min(values.values())

    def is_met(self, value: float) -> bool:
        """Whether a value keeps the promise."""
        return value <= self.bound if self.at_most else value >= self.bound


def seconds(entries: Entries, peer: str) -> float | None:
    """Median time of a peer."""
    quartiles = entries.get(peer, {}).get("quartiles")
    return quartiles[1] if quartiles else None


def bandwidth(entries: Entries, peer: str) -> float | None:
    """Bytes that must be moved, per second of the median."""
    time = seconds(entries, peer)
    return entries[peer]["bytes"] / time if time else None


def share_of_copy(peer: str, copy: str) -> Callable[[Case, Entries], float | None]:
    """Bandwidth of a peer over that of a copy on the device."""

    def reading(_: Case, entries: Entries) -> float | None:
        ours, best = bandwidth(entries, peer), bandwidth(entries, copy)
        return 100 * ours / best if ours and best else None

    return reading


def faster(peer: str, than: str) -> Callable[[Case, Entries], float | None]:
    """How many times less time a peer takes than another."""

    def reading(_: Case, entries: Entries) -> float | None:
        ours, theirs = seconds(entries, peer), seconds(entries, than)
        return theirs / ours if ours and theirs else None

    return reading


def memory_in_operands(peer: str) -> Callable[[Case, Entries], float | None]:
    """Peak of extra memory, counted in operands."""

    def reading(case: Case, entries: Entries) -> float | None:
        peak = entries.get(peer, {}).get("peak")
        return None if peak is None else peak / case.operand_bytes

    return reading


def less_memory(peer: str, than: str) -> Callable[[Case, Entries], float | None]:
    """How many times less extra memory a peer takes than another, each at least a byte."""

    def reading(_: Case, entries: Entries) -> float | None:
        ours, theirs = (entries.get(name, {}).get("peak") for name in (peer, than))
        return None if ours is None or theirs is None else max(theirs, 1) / max(ours, 1)

    return reading


TARGETS = (
    Target(
        "CuPy, forward: share of the bandwidth of a copy", 80,
        share_of_copy("ours-cupy", "copy-cupy"), unit=" %",
    ),
    Target(
        "CuPy, forward: extra memory, in operands", 0.01, memory_in_operands("ours-cupy"),
        at_most=True, unit="",
    ),
    Target(
        "torch eager, forward: share of the bandwidth of a copy", 80,
        share_of_copy("ours-torch", "copy-torch"), unit=" %",
    ),
    Target(
        "torch eager, forward: extra memory, in operands", 0.01, memory_in_operands("ours-torch"),
        at_most=True, unit="",
    ),
    Target(
        "torch eager, with backward: share of the bandwidth of a copy", 70,
        share_of_copy("ours-torch", "copy-torch"), backward=True, unit=" %",
    ),
    Target(
        "torch eager, without a compiler, forward: extra memory, in operands", 1,
        memory_in_operands("ours-torch-blocks"), at_most=True, unit="",
    ),
    *(
        Target(
            f"torch.compile, {way}: faster than F.kl_div under torch.compile", 1,
            faster("ours-torch-compile", "torch-compile"), backward=backward,
        )
        for way, backward in (("forward", False), ("with backward", True))
    ),
    *(
        Target(
            f"jax.jit, {way}: faster than Optax jitted", 1, faster("ours-jax", "optax"),
            backward=backward,
        )
        for way, backward in (("forward", False), ("with backward", True))
    ),
    *(
        Target(
            f"{loss}, torch eager, {way}: {what} than Liger's kernels", 1,
            reading("ours-torch", "liger"), backward=backward, loss=loss,
        )
        for loss in ("kl_div_with_logits", "js_div_with_logits")
        for what, reading in (("faster", faster), ("less extra memory", less_memory))
        for way, backward in (("forward", False), ("with backward", True))
    ),
    *(
        Target(
            f"sparse_kl_div_with_logits, torch eager, with backward: {what} than log_softmax", 1,
            reading("ours-torch", "torch"), backward=True, loss="sparse_kl_div_with_logits",
        )
        for what, reading in (("faster", faster), ("less extra memory", less_memory))
    ),
    *(
        Target(
            f"linear_kl_div, torch eager, with backward: {what} than Liger's fused kernels", 1,
            reading("ours-torch", "liger"), backward=True, loss="linear_kl_div",
        )
        for what, reading in (("faster", faster), ("less extra memory", less_memory))
    ),
)  # fmt: skip
