"""The run of one backend: after a crash or a silence, a fresh process takes the next vector."""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kldiv_conformance._deviations import Deviation, settle
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._process import LostWorkerError, Worker, started
from kldiv_conformance._vector import Vector

TIMEOUT = 120.0
# Seconds to import an array library and an implementation, beside the time for a vector.
START = 120.0
# So many processes may be lost before the vectors that are left fail unasked.
MOST_LOST = 20


@dataclass(frozen=True)
class Job:
    """Task of a worker: how to reach implementation and adapters, and the ids of vectors."""

    backend: str
    implementation: str
    name: str
    vectors: tuple[str, ...]
    adapters: tuple[str, ...] = ()


class BackendRun:
    """Outcome of every vector on one backend, whatever the implementation does to a process."""

    def __init__(
        self, job: Job, asked: Sequence[Vector], known: Mapping[str, Deviation], timeout: float
    ) -> None:
        self.job = job
        self.left = deque(asked)
        self.known = known
        self.timeout = timeout
        self.introduced = False
        self.answers = False
        self.lost = 0
        self.printed = ""

    def lines(self) -> Iterator[dict[str, Any]]:
        """The backend's versions or why it was skipped, its outcomes, and an end."""
        while self.left or not self.introduced:
            job = replace(self.job, vectors=tuple(vector.id for vector in self.left))
            with started(json.dumps(asdict(job)), job.backend) as worker:
                try:
                    yield from self.conversation(worker)
                    worker.finish()
                except LostWorkerError as error:
                    yield from self.failures(error)
                self.printed += worker.printed()
        yield {"kind": "end", "backend": self.job.backend, "printed": self.printed}

    def conversation(self, worker: Worker) -> Iterator[dict[str, Any]]:
        """Lines of one process, as long as it lasts."""
        self.answers = False
        first = worker.answer("backend", self.timeout + START)
        if not self.introduced:
            yield from self.introduction(first["versions"], first["skipped"])
        if first["skipped"] is not None:
            self.left.clear()
            return
        problem = worker.answer("ready", self.timeout + START)["problem"]
        if problem is not None:
            raise ValueError(problem)
        self.answers = True
        while self.left:
            line = worker.answer("outcome", self.timeout, id=self.left[0].id)
            self.left.popleft()
            yield self.outcome(settle(Outcome.from_json(line), self.known))

    def failures(self, error: LostWorkerError) -> Iterator[dict[str, Any]]:
        """Failure of the vector that cost a process; of all that are left if it cost too many."""
        if not self.introduced:
            yield from self.introduction({}, None)
        self.lost += 1
        yield self.failure(self.left.popleft(), str(error))
        if self.answers and self.lost < MOST_LOST:
            return
        while self.left:
            yield self.failure(self.left.popleft(), f"not asked, because {error}")

    def introduction(
        self, versions: dict[str, str], skipped: str | None
    ) -> Iterator[dict[str, Any]]:
        """The line that comes first, once."""
        self.introduced = True
        backend = self.job.backend
        yield {"kind": "backend", "backend": backend, "versions": versions, "skipped": skipped}

    def failure(self, vector: Vector, reason: str) -> dict[str, Any]:
        """Line of a vector that has no answer."""
        return self.outcome(Outcome(vector.id, vector.group, "failure", reason))

    def outcome(self, outcome: Outcome) -> dict[str, Any]:
        """Line of an outcome."""
        return {**outcome.to_json(), "backend": self.job.backend}
