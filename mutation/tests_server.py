"""Run tests in forks of one process that has the libraries imported, which costs seconds."""

import gc
import importlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer
from tempfile import TemporaryDirectory

# The package itself is imported by the forks: it is what changes.
LIBRARIES = (
    *("pytest", "hypothesis", "numpy", "array_api_strict", "array_api_compat.numpy", "mpmath"),
    *("torch", "torch._inductor.compile_fx", "array_api_compat.torch", "jax", "jax.numpy"),
    *("dask.array", "array_api_compat.dask.array", "click", "rich", "matplotlib.figure"),
)

LIMIT = 300
"""Seconds after which tests count as failed."""


class Server(ForkingMixIn, UnixStreamServer):
    """Answers each question in a process of its own."""

    max_children = 8


class Handler(StreamRequestHandler):
    """Runs pytest in the folder that is asked for, and answers with its exit code."""

    def handle(self) -> None:
        """Read a line of folder and arguments, with NUL between them; write a line."""
        folder, *arguments = self.rfile.readline().decode().rstrip("\n").split("\0")
        process = get_context("fork").Process(target=run, args=(folder, arguments))
        process.start()
        process.join(LIMIT)
        end(process)
        self.wfile.write(f"{process.exitcode}\n".encode())


def end(process: BaseProcess) -> None:
    """Stop a process with all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()


def run(folder: str, arguments: list[str]) -> None:
    """Tests of a folder, by the source that stands in it."""
    os.setsid()
    os.chdir(folder)
    source = str(Path(folder, "src"))
    sys.path.insert(0, source)
    os.environ["PYTHONPATH"] = source
    output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.exit(importlib.import_module("pytest").main(arguments))


@contextmanager
def started() -> Iterator[str]:
    """Path of the socket of a server that runs meanwhile."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "socket"))
        environment = os.environ | {
            # The source of a mutant may be as long as the original, and as old by the clock.
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "HYPOTHESIS_PROFILE": "short",
            "KLDIV_XP_KERNELS": folder,
            "KLDIV_XP_RANKS": "fork",
        }
        command = [sys.executable, __file__, path]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
            try:
                if not (process.stdout and process.stdout.readline()):
                    message = "The server of tests has not started."
                    raise RuntimeError(message)
                yield path
            finally:
                process.terminate()


def serve(path: str) -> None:
    """Answer at a socket until the process is ended."""
    for name in LIBRARIES:
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
    gc.freeze()
    with Server(path, Handler) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
