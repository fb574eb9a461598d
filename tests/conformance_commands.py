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


def environment():
    """Environment in which another process imports what this one can."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def python(*arguments, **options):
    """Python in a process of its own, whose text is kept unless the options say where it goes."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=environment(), check=False, **options)


def program(*arguments, **options):
    """The command line in a process of its own."""
    return python("-m", "kldiv_conformance", *arguments, **options)
