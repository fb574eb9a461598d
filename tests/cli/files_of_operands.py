"""The command on files in a folder, and the one sentence with which it refuses them."""

import importlib

import numpy as np

Q = np.asarray([[0.25, 0.75], [0.5, 0.5]], dtype="float32")
P = np.asarray([[0.5, 0.5], [0.125, 0.875]], dtype="float32")


def diagnose(folder, *arguments):
    from click.testing import CliRunner

    names = [str(folder / one) if "." in one and one[0] != "-" else one for one in arguments]
    command_line = importlib.import_module("kldiv_xp.cli.main")
    return CliRunner().invoke(command_line.main, ["diagnose", *names])


def refused(done):
    """The one sentence behind the usage."""
    assert done.exit_code == 2, (done.output, done.exception)
    assert isinstance(done.exception, SystemExit)
    _, _, said = done.output.partition("Error: ")
    assert said.endswith(".\n")
    assert said.count("\n") == 1
    assert said.removesuffix("\n").isprintable()
    return said


def refused_by_the_system(done):
    assert done.exit_code == 2, (done.output, done.exception)
    return done.output.partition("Error: ")[2]
