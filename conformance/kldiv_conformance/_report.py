"""Reads a run, checks that it is whole, and counts what came of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kldiv_conformance._lines import parsed_lines
from kldiv_conformance._outcome import VERDICTS, Line
from kldiv_conformance._run_checks import check_run
from kldiv_conformance._vectors import groups

__all__ = ["VERDICTS", "Report", "collect", "matrix", "read_report"]


@dataclass(frozen=True)
class Report:
    """A whole run: its header, the line of each backend, all outcomes, and what was printed."""

    header: Line
    backends: list[Line]
    outcomes: list[Line]
    printed: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the backends that ran, worst first."""
        ran = [line["backend"] for line in self.backends if line["skipped"] is None]
        return sorted(ran, key=lambda name: (-self.share_that_fails(name), name))

    @property
    def skipped(self) -> dict[str, str]:
        """Reasons why the other backends did not run."""
        return {
            line["backend"]: line["skipped"]
            for line in self.backends
            if line["skipped"] is not None
        }

    @property
    def part(self) -> str | None:
        """Sentence on the part of the vectors that was judged, None if all of them were."""
        part = self.header.get("part")
        if part is None:
            return None
        count, whole = self.header["vectors"], part["of"]
        return f"A part of the suite: {count} of {whole} vectors, by {part['chosen_by']}."

    @property
    def failed(self) -> bool:
        """Whether any vector failed."""
        return any(outcome["verdict"] == "failure" for outcome in self.outcomes)

    def judged(self, backend: str) -> int:
        """How many vectors a backend has answered, right or wrong."""
        count = self.count(backend)
        return count.total() - count["not supported"]

    def of(self, backend: str, group: str | None = None) -> list[Line]:
        """Outcomes of a backend, in a group or in all."""
        found = self.by_backend.get(backend, [])
        return [outcome for outcome in found if group in {None, outcome["group"]}]

    @cached_property
    def by_backend(self) -> dict[str, list[Line]]:
        """Outcomes of each backend."""
        found: dict[str, list[Line]] = defaultdict(list)
        for outcome in self.outcomes:
            found[outcome["backend"]].append(outcome)
        return dict(found)

    def count(self, backend: str, group: str | None = None) -> Counter[str]:
        """How often each verdict came, in a group or in all."""
        return Counter(outcome["verdict"] for outcome in self.of(backend, group))

    def share_that_fails(self, backend: str) -> float:
        """Failures among the vectors that the backend can express."""
        expressed = self.judged(backend)
        return self.count(backend)["failure"] / expressed if expressed else 0.0


def read_report(path: Path) -> Report:
    """Report from the lines of a file.

    Raises
    ------
    ValueError
        If the file is not a run, is of another format, or is not whole.
    """
    source = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{source!r} cannot be read as text in UTF-8: {error}."
        raise ValueError(message) from error
    return collect(parsed_lines(text, source), source)


def collect(lines: list[Line], source: str) -> Report:
    """Report from the lines of a whole run."""
    check_run(lines, source)
    ends = {line["backend"]: line.get("printed", "") for line in only("end", lines)}
    printed = {name: text for name, text in ends.items() if text}
    return Report(lines[0], only("backend", lines), only("outcome", lines), printed)


def only(kind: str, lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Lines of one kind."""
    return [line for line in lines if line["kind"] == kind]


def matrix(report: Report) -> list[tuple[str, list[Counter[str]]]]:
    """Counts of each backend, a column for each group."""
    return [(name, [report.count(name, group) for group in groups()]) for name in report.names]
