"""The targets, a row each: what was promised, and how it is read from the results."""

from dataclasses import dataclass

from benchmarks.results import Results

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Target:
    """A ratio of times, or a peak of memory, with its bound.

    `over` and `under` are peers. 'at least' reads how many times faster `under` is than `over`,
    'at most' how many times longer `over` takes. Of several cases the worst one counts.
    """

    promise: str
    over: str
    under: str = ""
    cases: tuple[str, ...]
    against: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    memory: bool = False

    @property
    def bound(self) -> str:
        """The bound in words."""
        if self.memory:
            return f"≤ {self.at_most:g} MiB"
        return f"≥ {self.at_least:g}x" if self.at_most is None else f"≤ {self.at_most:g}x"

    def readings(self, results: Results) -> list[list[float]]:
        """Measurements of each case, sorted over the rounds; the worst case last."""
        found = [values for case in self.cases if (values := self.reading(results, case))]
        return sorted(found, key=middle, reverse=self.at_most is None)

    def reading(self, results: Results, case: str) -> list[float]:
        """Measurements of one case, in each round."""
        if self.memory:
            grown = results.memory(case, self.over)
            return [] if grown is None else [grown / MIB]
        return results.ratio((case, self.over), (self.against or case, self.under))

    def is_met(self, value: float) -> bool:
        """Whether a value keeps the promise."""
        return value <= self.at_most if self.at_most is not None else value >= self.at_least


def middle(values: list[float]) -> float:
    """Median of sorted values."""
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


REDUCED = ("large float32", "large sum", "large mean")
FAST = (("NumPy", "ours-numpy-fast"), ("torch eager", "ours-torch-fast"))
LAYOUTS = ("contiguous", "strided", "broadcast", "memmap")

TARGETS = (
    Target(
        promise="NumPy, sum, mean and batchmean: faster than eager F.kl_div",
        over="torch", under="ours-numpy", cases=REDUCED, at_least=14,
    ),
    Target(
        promise="NumPy, batchmean: time of reading both operands once",
        over="ours-numpy", under="reading", cases=("large float32",), at_most=1.6,
    ),
    *(
        Target(
            promise=f"{label} with fast, sum, mean and batchmean: faster than eager F.kl_div",
            over="torch", under=peer, cases=REDUCED, at_least=14,
        )
        for label, peer in FAST
    ),
    *(
        Target(
            promise=f"{label} with fast, batchmean: time of reading both operands once",
            over=peer, under="reading", cases=("large float32",), at_most=2,
        )
        for label, peer in FAST
    ),
    *(
        Target(
            promise=f"{label} with fast, targets half zero or one-hot, log_target: time of dense",
            over=peer, under=peer, cases=("large half zero", "large one-hot", "large log_target"),
            against="large float32", at_most=1.15,
        )
        for label, peer in FAST
    ),
    Target(
        promise="torch eager with fast, float16 and bfloat16: time of float32",
        over="ours-torch-fast", under="ours-torch-fast", cases=("large float16", "large bfloat16"),
        against="large float32", at_most=1,
    ),
    *(
        Target(
            promise=f"torch eager with fast from logits, {label}: time of compiled F.kl_div",
            over="ours-torch-fast", under="torch-compile", cases=(case,), at_most=0.8,
        )
        for label, case in (
            ("forward", "large logits"), ("with backward", "large logits backward")
        )
    ),
    Target(
        promise="NumPy, one thread: faster than eager F.kl_div",
        over="torch", under="ours-numpy-1", cases=("large float32",), at_least=8,
    ),
    Target(
        promise="NumPy, log_target: faster than eager F.kl_div",
        over="torch", under="ours-numpy", cases=("large log_target",), at_least=6,
    ),
    *(
        Target(
            promise=f"{label}, targets half zero or one-hot: time of dense ones",
            over=peer, under=peer, cases=("large half zero", "large one-hot"),
            against="large float32", at_most=2.5,
        )
        for label, peer in (("NumPy", "ours-numpy"), ("torch eager", "ours-torch"))
    ),
    Target(
        promise="torch eager, forward: faster than eager F.kl_div",
        over="torch", under="ours-torch", cases=("large float32",), at_least=9,
    ),
    Target(
        promise="torch eager, forward and backward: faster than eager F.kl_div",
        over="torch", under="ours-torch", cases=("large backward",), at_least=3.5,
    ),
    *(
        Target(
            promise=f"torch.compile, {label}: faster than F.kl_div under torch.compile",
            over="torch-compile", under="ours-torch-compile", cases=(case,), at_least=0.95,
        )
        for label, case in (("forward", "large float32"), ("with backward", "large backward"))
    ),
    *(
        Target(
            promise=f"{label}: faster than log_softmax twice and F.kl_div under torch.compile",
            over="torch-compile", under=peer, cases=("large logits", "large logits backward"),
            at_least=1,
        )
        for label, peer in (
            ("torch.compile from logits", "ours-torch-compile"),
            ("torch.compile with fast from logits", "ours-torch-compile-fast"),
        )
    ),
    *(
        Target(
            promise=f"jax.jit, {label}: faster than Optax jitted",
            over="optax", under="ours-jax", cases=(case,), at_least=bound,
        )
        for label, case, bound in (
            ("forward", "large float32", 4),
            ("value_and_grad", "large backward", 1),
        )
    ),
    *(
        Target(
            promise=f"torch eager from logits, {label}: faster than log_softmax twice and F.kl_div",
            over="torch", under="ours-torch", cases=(case,), at_least=bound,
        )
        for label, case, bound in (
            ("forward", "large logits", 3),
            ("with backward", "large logits backward", 2),
        )
    ),
    *(
        Target(
            promise=f"{label}, 32 x 10: time of eager F.kl_div",
            over=peer, under="torch", cases=("tiny float32",), at_most=bound,
        )
        for label, peer, bound in (("NumPy", "ours-numpy", 2), ("torch eager", "ours-torch", 3))
    ),
    Target(
        promise="NumPy, 'none': faster than NumPy as in a textbook",
        over="numpy", under="ours-numpy", cases=("large none",), at_least=2,
    ),
    *(
        Target(
            promise=f"NumPy, {layout} operands: extra memory",
            over="ours-numpy", cases=(f"memory {layout}",), at_most=16, memory=True,
        )
        for layout in LAYOUTS
    ),
    *(
        Target(
            promise=f"{label} from logits: extra memory",
            over=peer, cases=("memory logits",), at_most=16, memory=True,
        )
        for label, peer in (("NumPy", "ours-numpy"), ("torch eager", "ours-torch"))
    ),
)  # fmt: skip
