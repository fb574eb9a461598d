"""Runs the workers: all peers take turns at every case, in several rounds."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.peers import PEERS

ROOT = Path(__file__).parent.parent

Line = dict[str, Any]
Record = tuple[str, str, Line]

# Libraries choose these on import.
ENVIRONMENT = {
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
    "KERAS_BACKEND": "jax",
    "PYTHONWARNINGS": "ignore",
}


class Worker:
    """A peer's process, which lives for one round."""

    def __init__(self, peer: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own worker
            [sys.executable, "-m", "benchmarks.worker", peer],
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT, **PEERS[peer].environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def listen(self) -> Line:
        """Next line of the worker, or how it ended."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        if line:
            found: Line = json.loads(line)
            return found
        return {"error": f"the process ended with exit code {self._process.wait()}"}

    def measure(self, case: Case) -> Line:
        """Answer of the worker to a case."""
        with suppress(BrokenPipeError):
            print(json.dumps(asdict(case)), file=self._process.stdin, flush=True)
        return self.listen()

    def end(self) -> None:
        """Let the process come to its end."""
        try:
            self._process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


def take_round(
    turn: int, cases: Sequence[Case], peers: Sequence[str], tick: Callable[[str], None]
) -> tuple[dict[str, Line], list[Record]]:
    """How each peer greeted, and (case, peer, what was measured).

    The peers start at the same time, so that they import at the same time; then one is measured
    while all others wait, and who begins changes from case to case and from round to round.
    """
    involved = [peer for peer in peers if any(peer in case.peers for case in cases)]
    workers = {peer: Worker(peer) for peer in involved}
    greetings = {peer: worker.listen() for peer, worker in workers.items()}
    records = []
    for number, case in enumerate(cases):
        able = [peer for peer in involved if peer in case.peers and "versions" in greetings[peer]]
        for peer in rotated(able, turn + number):
            tick(f"{case.name}: {peer}")
            records.append((case.name, peer, workers[peer].measure(case)))
        tick("")
    for worker in workers.values():
        worker.end()
    return greetings, records


def rotated(peers: list[str], places: int) -> list[str]:
    """The same peers, beginning elsewhere."""
    start = places % len(peers) if peers else 0
    return peers[start:] + peers[:start]
