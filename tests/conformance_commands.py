"""The command line in this process and in one of its own."""

import os
import subprocess
import sys

from click.testing import CliRunner

from kldiv_conformance.__main__ import main
from kldiv_conformance._vectors import vectors

FEW = vectors("ordinary")[:3]


def invoke(*arguments):
    done = CliRunner().invoke(main, [*map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


def program(*arguments, cwd, **options):
    """The command line in a process of its own."""
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-m", "kldiv_conformance", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
