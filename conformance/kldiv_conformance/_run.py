"""A run: a header, the lines of each backend, and a footer."""

import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kldiv_conformance._backend_run import TIMEOUT, BackendRun, Job
from kldiv_conformance._deviations import known_deviations
from kldiv_conformance._lines import FORMAT_VERSION
from kldiv_conformance._outcome import Line
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import vectors


def run_all(
    backends: list[str],
    implementation: str,
    *,
    name: str | None = None,
    deviations: Path | None = None,
    adapters: Sequence[str] = (),
    chosen: Sequence[Vector] | None = None,
    chosen_by: str = "a list of ids",
    timeout: float = TIMEOUT,
) -> Iterator[Line]:
    """Lines of a report: a header, the lines of each backend, and a footer.

    `name` is what the report calls the implementation, for one that is reached by an adapter;
    `adapters` lead to backends of one's own, as ``module:name``; `chosen` are the
    vectors, all if left out, and `chosen_by` is how; `timeout` is in seconds, for each vector.

    Raises
    ------
    ValueError
        If the implementation cannot be loaded, or a file of deviations cannot be read.
    """
    asked = vectors() if chosen is None else list(chosen)
    identifiers = tuple(vector.id for vector in asked)
    called = name or implementation
    known = {backend: known_deviations(backend, implementation, deviations) for backend in backends}
    yield {
        "kind": "header",
        "format": FORMAT_VERSION,
        "implementation": implementation,
        "name": called,
        "backends": backends,
        "vectors": len(asked),
        "part": None if len(asked) == len(vectors()) else part(chosen_by or "ids", identifiers),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
    outcomes = 0
    for backend in backends:
        job = Job(backend, implementation, called, identifiers, tuple(adapters))
        for line in BackendRun(job, asked, known[backend], timeout).lines():
            outcomes += line["kind"] == "outcome"
            yield line
    yield {"kind": "footer", "outcomes": outcomes}


def part(chosen_by: str, identifiers: Sequence[str]) -> Line:
    """How a part of the vectors was chosen, of how many, and which it has."""
    return {"chosen_by": chosen_by, "of": len(vectors()), "ids": list(identifiers)}
