"""Kernels that do to their process what they should not: nothing of it is a pass."""

import os
import signal
import subprocess
import sys
import time

import pytest
from conformance_commands import environment

from kldiv_conformance import _backend_run, vectors
from kldiv_conformance._report import collect
from kldiv_conformance._run import run_all

FEW = vectors("ordinary")[:6]
# Does something in the third call for an array of float64, of which FEW has four or more.
KERNEL = """
import ctypes, os, signal, sys, threading, time
from kldiv_xp import kl_div

def act(x, t):
    {action}

def loss(input, target, **options):
    if target.shape == (2, 2) and options["reduction"] == "sum":
        act(input, target)
    return kl_div(input, target, **options)
"""
HIT = [vector.id for vector in FEW if vector.arguments["reduction"] == "sum"]


@pytest.fixture
def judged(tmp_path, monkeypatch):
    def run(action, timeout=20.0, chosen=FEW):
        (tmp_path / "kernel.py").write_text(KERNEL.format(action=action))
        monkeypatch.syspath_prepend(tmp_path)
        lines = run_all(["numpy"], "kernel:loss", chosen=chosen, timeout=timeout)
        return collect(list(lines), "a run")

    return run


def verdicts(report):
    return {line["id"]: line["verdict"] for line in report.outcomes}


def detail(report):
    return next(line["detail"] for line in report.outcomes if line["id"] == HIT[0])


def only_the_hit_one_fails(report):
    expected = {vector.id: "failure" if vector.id in HIT else "pass" for vector in FEW}
    return verdicts(report) == expected


PRINTS = {
    "print": 'print("hello")',
    "print without a line": 'print("hello", end="")',
    "print of what an outcome looks like": (
        'print(\'{"kind": "outcome", "id": "hello", "verdict": "pass"}\')'
    ),
    "file descriptor 1": 'os.write(1, b"hello\\n")',
    "a program": 'os.system("echo hello")',
    "bytes that are no text": 'os.write(1, b"hello \\xff\\n")',
    "very much": 'print("hello " * 100000)',
}


@pytest.mark.few(0, 1)
@pytest.mark.cases(3)
@pytest.mark.parametrize("action", PRINTS.values(), ids=PRINTS)
def test_what_a_kernel_prints_is_kept_apart_and_shown(judged, action):
    report = judged(action)
    assert set(verdicts(report).values()) == {"pass"}
    assert "hello" in report.printed["numpy"]
    assert len(report.printed["numpy"]) <= 2000 * (1 + len(HIT))


@pytest.mark.long
def test_what_a_kernel_prints_before_it_ends_its_process_is_shown(judged):
    assert judged('print("hello"); os._exit(0)').printed == {"numpy": "hello\n" * len(HIT)}


DEATHS = {
    "os._exit(0)": ("os._exit(0)", "ended with status 0: "),
    "os._exit(7)": ("os._exit(7)", "ended with status 7: "),
    "a segmentation fault": ("ctypes.string_at(0)", "ended with status -11 (SIGSEGV): "),
    "abort": ("os.abort()", "ended with status -6 (SIGABRT): "),
    "kill": ("os.kill(os.getpid(), signal.SIGKILL)", "ended with status -9 (SIGKILL): "),
    "files closed": ("os.closerange(1, 256)", "ended with status 1: "),
    "noise in every file": (
        "[os.write(file, b'x\\n') for file in range(3, 30) if os.path.exists(f'/dev/fd/{file}')]",
        "wrote what is no outcome.",
    ),
    "half an outcome in every file": (
        f'[os.write(file, b\'{{"kind": "outcome", "id": "{HIT[0]}"}}\\n\') '
        "for file in range(3, 30) if os.path.exists(f'/dev/fd/{file}')]",
        "wrote what is no outcome.",
    ),
    "the parent of a fork ends": ("os.fork() and os._exit(0)", "ended with status 0: "),
}


@pytest.mark.long
@pytest.mark.cases(3)
@pytest.mark.parametrize(("action", "said"), DEATHS.values(), ids=DEATHS)
def test_vector_that_ends_its_process_fails_and_the_next_is_judged(judged, action, said):
    if "string_at" in action and sys.platform == "win32":
        pytest.skip("there are no such signals")
    report = judged(action)
    assert only_the_hit_one_fails(report)
    assert f"the process of numpy {said}" in detail(report)


RAISES = {
    "SystemExit": ("sys.exit(0)", "must return a value, but raised SystemExit: 0"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "but raised KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "but raised GeneratorExit"),
    "a skip of unittest": ("import unittest; raise unittest.SkipTest('no')", "SkipTest: no"),
    "a skip of pytest": ("import pytest; pytest.skip('no')", "but raised Skipped: no"),
    "end of input": ("input()", "but raised EOFError"),
    "deep recursion": ("act(x, t)", "but raised RecursionError"),
}


@pytest.mark.few(0, 1)
@pytest.mark.cases(3)
@pytest.mark.parametrize(("action", "said"), RAISES.values(), ids=RAISES)
def test_whatever_a_kernel_raises_is_a_failure_of_that_vector(judged, action, said):
    report = judged(action)
    assert only_the_hit_one_fails(report)
    assert said in detail(report)


@pytest.mark.long
@pytest.mark.cases(1)
@pytest.mark.parametrize(
    "action",
    ["time.sleep(10**6)", "os.kill(os.getpid(), signal.SIGSTOP)", "threading.Event().wait()"],
)
def test_vector_without_an_answer_fails_and_the_next_is_judged(judged, action):
    report = judged(action, timeout=10.0)
    assert only_the_hit_one_fails(report)
    assert detail(report) == "no answer within 10 seconds."


FORGET = (
    "import gc, io, pathlib, shutil; "
    "files = [pathlib.Path(str(f.name)) for f in gc.get_objects() if isinstance(f, io.FileIO)]; "
    "[shutil.rmtree(path.parent) for path in files if path.name == 'answers']"
)
HARMLESS = {
    "its files are removed": FORGET,
    "a fork that returns": "os.fork()",
    "a fork that stays": "os.fork() or time.sleep(10**6)",
    "a fork in a session of its own": "os.fork() or (os.setsid(), time.sleep(3), os._exit(0))",
    "a thread that stays": "threading.Thread(target=time.sleep, args=(10**6,)).start()",
    "a handler at exit": "import atexit; atexit.register(os._exit, 3)",
    "another folder": "os.chdir('/')",
    "standard output is closed": "sys.stdout.close()",
    "standard output is nothing": "sys.stdout = sys.stderr = None",
}


@pytest.mark.few(0, 1)
@pytest.mark.cases(3)
@pytest.mark.parametrize("action", HARMLESS.values(), ids=HARMLESS)
def test_what_a_kernel_leaves_behind_does_not_hold_up_the_run(judged, action):
    assert set(verdicts(judged(action)).values()) == {"pass"}


@pytest.mark.slow
def test_after_too_many_lost_processes_the_rest_fails_unasked(judged, monkeypatch):
    monkeypatch.setattr(_backend_run, "MOST_LOST", 2)
    chosen = [vector for vector in vectors() if vector.arguments.get("reduction") == "sum"][:40]
    chosen = [vector for vector in chosen if vector.input.shape == (2, 2)] + chosen
    chosen = list({vector.id: vector for vector in chosen}.values())
    report = judged("os._exit(3)", chosen=chosen)
    reasons = [line["detail"] for line in report.outcomes]
    assert {line["verdict"] for line in report.outcomes} == {"failure"}
    assert reasons[-1].startswith("not asked, because the process of numpy ended with status 3: ")
    assert sum(reason.startswith("the process of") for reason in reasons) == 2


def test_process_that_ends_while_it_imports_fails_all_vectors(tmp_path, monkeypatch):
    (tmp_path / "ends.py").write_text("import os\nos._exit(0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    report = collect(list(run_all(["numpy"], "ends:loss", chosen=FEW)), "a run")
    assert set(verdicts(report).values()) == {"failure"}


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_worker_whose_run_has_been_killed_ends(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import os, pathlib, time\n"
        "def loss(*_, **__):\n"
        f"    pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "    time.sleep(0.5)\n"
    )
    command = [sys.executable, "-m", "kldiv_conformance", "run", "-b", "numpy", "-i", "slow:loss"]
    run = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.05)
    worker = int((tmp_path / "pid").read_text())
    run.send_signal(signal.SIGKILL)
    run.wait()
    for _ in range(600):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker goes on")
