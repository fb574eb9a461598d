"""Runs backends, each in its own process, so that a crash is a verdict and not a lost run."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from kldiv_conformance._vectors import vectors

Line: TypeAlias = dict[str, Any]
FORMAT_VERSION = 1


def run_all(
    backends: list[str],
    implementation: str,
    *,
    name: str | None = None,
    deviations: Path | None = None,
) -> Iterator[Line]:
    """Lines of a report: a header, the lines of each backend, and a footer.

    `name` is what the report calls the implementation, for one that is reached by an adapter.
    """
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    yield {
        "kind": "header",
        "format": FORMAT_VERSION,
        "implementation": implementation,
        "name": name or implementation,
        "backends": backends,
        "vectors": len(vectors()),
        "started": started,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
    outcomes = 0
    for backend in backends:
        for line in run_backend(backend, implementation, name or implementation, deviations):
            outcomes += line["kind"] == "outcome"
            yield line
    yield {"kind": "footer", "outcomes": outcomes}


def run_backend(
    backend: str, implementation: str, name: str, deviations: Path | None = None
) -> Iterator[Line]:
    """Lines of one backend; what a crash has left open fails with the crash as its reason."""
    worker = [sys.executable, "-m", "kldiv_conformance._worker"]
    command = [*worker, backend, implementation, name, str(deviations or "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    seen: set[str] = set()
    complete = False
    # A pipe for errors that nobody reads while values are read could fill up and block.
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own worker
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        )
        with process:
            for text in process.stdout or ():
                line = json.loads(text)
                complete |= line["kind"] == "end"
                seen.add(line.get("id", ""))
                yield line
        errors.seek(0)
        message = errors.read()
    if not complete:
        yield from unfinished(backend, seen, process.returncode, message)


def unfinished(backend: str, seen: set[str], status: int, errors: str) -> Iterator[Line]:
    """Failures of the vectors that a crashed process has not come to."""
    last = (errors.strip().splitlines() or ["nothing on standard error"])[-1]
    for vector in vectors():
        if vector.id not in seen:
            yield {
                "kind": "outcome",
                "backend": backend,
                "id": vector.id,
                "group": vector.group,
                "verdict": "failure",
                "detail": f"the process of {backend} ended with status {status}: {last}",
                "ulp": None,
                "values": {},
            }
    yield {"kind": "end", "backend": backend}
