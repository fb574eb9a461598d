"""A process that judges vectors, and the file by which it answers: all that it prints is apart."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from io import FileIO
from pathlib import Path
from typing import Any

from kldiv_conformance._lines import check_line
from kldiv_conformance._text import one_line

PAUSE = 0.005
GRACE = 2.0
MOST_PRINTED = 2000


class LostWorkerError(Exception):
    """A process has ended, not answered in time, or answered what is no answer."""


@dataclass(frozen=True)
class Written:
    """The files that a process writes, open from the start: it may remove them, not take them."""

    answers: FileIO
    printed: FileIO
    errors: FileIO


class Worker:
    """A process and what it writes: answers, output, and errors."""

    def __init__(self, process: subprocess.Popen[bytes], written: Written, backend: str) -> None:
        self.process = process
        self.written = written
        self.backend = backend
        self.unread = b""

    def answer(self, kind: str, seconds: float, **expected: str) -> dict[str, Any]:
        """Next line, which must be as the schema says of its kind, and have what is expected.

        Raises
        ------
        LostWorkerError
            If the process ends, answers something else, or nothing in time.
        """
        try:
            line = json.loads(self.line(seconds))
            if kind != "ready":  # the one that stays between the processes
                check_line(line, "an answer")
            if all(line[key] == value for key, value in {"kind": kind, **expected}.items()):
                return dict(line)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
        raise LostWorkerError(f"the process of {self.backend} wrote what is no {kind}.")

    def line(self, seconds: float) -> bytes:
        """Bytes of the next line, when they have come."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.unread:
            ended = self.process.poll() is not None  # asked first: then all is there to be read
            self.read()
            if b"\n" in self.unread:
                break
            if ended:
                raise LostWorkerError(self.why())
            if time.monotonic() > deadline:
                raise LostWorkerError(f"no answer within {seconds:g} seconds.")
            time.sleep(PAUSE)
        line, _, self.unread = self.unread.partition(b"\n")
        return line

    def read(self) -> None:
        """Take what has been written since."""
        self.unread += self.written.answers.read()

    def why(self) -> str:
        """How the process ended, and the last thing that it said."""
        status = self.process.returncode
        with suppress(ValueError):
            status = f"{status} ({signal.Signals(-status).name})" if status < 0 else status
        stream = self.written.errors
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - MOST_PRINTED))
        errors = stream.read().decode("utf-8", errors="replace")
        last = one_line((errors.strip().splitlines() or ["nothing on standard error"])[-1])
        return f"the process of {self.backend} ended with status {status}: {last}"

    def printed(self) -> str:
        """Beginning of what the implementation wrote to standard output."""
        self.written.printed.seek(0)
        return self.written.printed.read(MOST_PRINTED).decode("utf-8", errors="replace")

    def finish(self) -> None:
        """Let a process that has nothing left to do end by itself, unless its threads keep it."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)

    def end(self) -> None:
        """End the process, and all that it started."""
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()


@contextmanager
def started(job: str, backend: str) -> Iterator[Worker]:
    """A worker with a job, in a session of its own; it ends with the block."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        folder = Path(name)
        (folder / "job").write_text(job, encoding="ascii")
        paths = [folder / part.name for part in fields(Written)]
        for path in paths:
            path.touch()
        written = Written(*(stack.enter_context(path.open("rb", buffering=0)) for path in paths))
        worker = Worker(launched(folder), written, backend)
        stack.callback(worker.end)
        yield worker


def launched(folder: Path) -> subprocess.Popen[bytes]:
    """Process that reads a job; without the current folder until it loads the implementation."""
    command = [sys.executable, "-P", "-m", "kldiv_conformance._worker", str(folder / "answers")]
    paths = [*filter(None, sys.path), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    with (
        (folder / "job").open("rb") as job,
        (folder / "printed").open("wb") as printed,
        (folder / "errors").open("wb") as errors,
    ):
        return subprocess.Popen(  # noqa: S603 - our own worker
            command,
            stdin=job,
            stdout=printed,
            stderr=errors,
            env=environment,
            start_new_session=True,
        )
