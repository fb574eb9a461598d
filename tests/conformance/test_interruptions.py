"""A command that is broken off or goes wrong ends with 2 and a sentence, never a traceback."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from conformance_commands import environment, invoke, program

from kldiv_conformance import _command_run

pytestmark = pytest.mark.usefixtures("only_a_few_vectors")


@pytest.mark.parametrize(
    ("error", "said"),
    [(RuntimeError("a\n\x1b[31m"), r"RuntimeError: a \x1b[31m"), (KeyError(), "KeyError")],
)
def test_whatever_else_goes_wrong_is_2(monkeypatch, error, said):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(_command_run, "run_all", fail)
    status, output = invoke("run", "-b", "numpy")
    assert status == 2
    assert re.search(
        rf"Error: {re.escape(said)}, in test_interruptions\.py, line \d+: report it with the "
        r"command that was given\.$",
        output,
    )


@pytest.mark.few(0, 1)
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.parametrize(
    "command",
    [["list", "--vectors"], ["explain", "zeros_006"], ["run", "-b", "numpy", "-g", "ordinary"]],
)
def test_reader_that_has_read_enough_is_2_without_a_word(tmp_path, command):
    reading, writing = os.pipe()
    os.close(reading)
    done = program(*command, cwd=tmp_path, stdout=writing)
    os.close(writing)
    assert done.returncode == 2
    assert "rror" not in done.stderr


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted_run_is_2_and_leaves_no_file_and_no_process(kernels, name):
    folder = kernels(
        "slow",
        "import os, pathlib, time\n"
        "def loss(*_, **__):\n"
        "    pathlib.Path('begun').write_text(f'{os.getpid()} ')\n"
        "    time.sleep(10**6)\n",
    )
    # Whoever runs the tests in the background may ignore the signal, and children inherit that.
    listen = (
        "import os, signal, sys; "
        f"signal.signal(signal.{name}, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"
    )
    python = [sys.executable, "-c", listen, sys.executable]
    command = [*python, "-m", "kldiv_conformance", "run", "-b", "numpy", "-i", "slow:loss"]
    run = subprocess.Popen(
        [*command, "-o", "run.jsonl"], cwd=folder, env=environment(), stderr=subprocess.PIPE
    )
    while not (folder / "begun").exists() or " " not in (folder / "begun").read_text():
        time.sleep(0.05)
    run.send_signal(getattr(signal, name))
    _, errors = run.communicate()
    assert run.returncode == 2
    assert errors.decode().endswith("Error: interrupted, and nothing was written.\n")
    assert not (folder / "run.jsonl").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "begun").read_text()), 0)
