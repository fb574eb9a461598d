"""A goal: what was promised, how it is read from the results, and what bounds it there."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.results import KERNELS, Results

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Target:
    """A ratio of times, or a peak of memory, with its bound.

    `over` and `under` are peers. 'at least' reads how many times faster `under` is than `over`,
    'at most' how many times longer `over` takes. Of several cases the worst one counts. `floor` is
    a peer, or a loop of NumPy's functions, that does no more than the loss has to.
    """

    promise: str
    over: str
    under: str = ""
    cases: tuple[str, ...]
    against: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    memory: bool = False
    floor: str = ""

    @property
    def bound(self) -> str:
        """The bound in words."""
        if self.memory:
            return f"≤ {self.at_most:g} MiB"
        return f"≥ {self.at_least:g}x" if self.at_most is None else f"≤ {self.at_most:g}x"

    def readings(self, results: Results) -> list[list[float]]:
        """Measurements of each case, sorted over the rounds; the worst case last."""
        return self.worst_last(self.reading(results, case) for case in self.cases)

    def reading(self, results: Results, case: str) -> list[float]:
        """Measurements of one case, in each round."""
        if self.memory:
            grown = results.memory(case, self.over)
            return [] if grown is None else [grown / MIB]
        return results.ratio((case, self.over), (self.against or case, self.under))

    def floors(self, results: Results) -> list[list[float]]:
        """The same ratios of the floor instead of ours, the worst case last."""
        ours = self.over if self.at_least is None else self.under
        return self.worst_last(self.at_floor(results, case, ours) for case in self.cases)

    def worst_last(self, measured: Iterable[list[float]]) -> list[list[float]]:
        """Measurements that there are, the worst last."""
        return sorted(filter(None, measured), key=middle, reverse=self.at_most is None)

    def at_floor(self, results: Results, case: str, ours: str) -> list[float]:
        """Measurements of one case, as if the floor were ours."""
        pairs = [(case, self.over), (self.against or case, self.under)]
        if results.entry(KERNELS, self.floor):
            at_floor = [(KERNELS, self.floor)] * 2
        else:
            at_floor = [(where, self.floor) for where, _ in pairs]
        over, under = (
            floor if pair[1] == ours else pair for floor, pair in zip(at_floor, pairs, strict=True)
        )
        return results.ratio(over, under)

    def is_met(self, value: float) -> bool:
        """Whether a value keeps the promise."""
        return value <= self.at_most if self.at_most is not None else value >= self.at_least


def middle(values: list[float]) -> float:
    """Median of sorted values."""
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
