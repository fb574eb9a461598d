"""When something fails: interrupts, forks, crowds of threads, the end of memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import usable

SETTING = """
import os, signal, sys, threading
import numpy as np
from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, thread_limit

def ours():
    return [ident for ident, frame in sys._current_frames().items() if is_of_a_helper(frame)]

def is_of_a_helper(frame):
    while frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_name == "run" and frame.f_code.co_filename.endswith("sharing.py")

rng = np.random.default_rng(0)
p = rng.random((6, 300_000), dtype="float32") + np.float32(0.01)
x = np.log(p[::-1])
"""
# What NumPy's own BLAS keeps is no thread of Python's, but a fork counts it too.
# A compiler that finds no memory ends the process.
ALONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "KLDIV_XP_FUSED": "0"}


def run_python(program):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SETTING + program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ALONE,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


# The sum of 2**36 elements would take minutes. A thread of the user waits until all are at work.
INTERRUPTED = """
before = kl_div(x, p, reduction="sum").tobytes()
many = 2**36
operands = [np.broadcast_to(np.float32(value), (many,)) for value in (-1, 0.5)]

def computing():
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame is not None and not frame.f_code.co_filename.endswith("log_probabilities.py"):
        frame = frame.f_back
    return frame is not None

def interrupt():
    while len(ours()) < 3 or not computing():
        pass
    os.kill(os.getpid(), signal.SIGINT)

# A process that a shell has started in the background ignores interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=interrupt).start()
try:
    with thread_limit(4):
        kl_div(*operands, reduction="sum")
except KeyboardInterrupt:
    print("interrupted", len(ours()))
after = kl_div(x, p, reduction="sum").tobytes()
print(before == after, len(ours()))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is no signal on Windows")
def test_interrupt_in_the_middle_of_a_call_ends_all_threads():
    assert run_python(INTERRUPTED) == ["interrupted", "0", "True", "0"]


CALLS = """
calls = {
    "sum": lambda: kl_div(x, p, reduction="sum"),
    "terms": lambda: kl_div(x, p, reduction="none"),
    "gradient": lambda: kl_div_gradient(x, p, reduction="sum")[1],
    "logits": lambda: js_div_with_logits(x, p, reduction="none"),
}
def value(call, threads):
    with thread_limit(threads):
        return np.asarray(call()).tobytes()
"""
NAMES = ("sum", "terms", "gradient", "logits")
FORK = """
{convert}
for name, call in calls.items():
    before = value(call, 3)
    child = os.fork()
    if child == 0:
        os._exit(0 if value(call, 3) == before else 3)
    _, status = os.waitpid(child, 0)
    print(name, os.waitstatus_to_exitcode(status), value(call, 3) == before)
"""


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_child_of_a_process_that_has_used_threads_computes_the_same(library):
    convert = ""
    if library == "torch":
        usable("torch")
        convert = "import torch; torch.set_num_threads(3); x, p = map(torch.asarray, (x, p))"
    said = run_python(CALLS + FORK.format(convert=convert))
    assert said == " ".join(f"{name} 0 True" for name in NAMES).split()


# 10**4 calls by eight threads, each of which starts threads of its own.
CROWD = """
from kldiv_xp.host import blocks as blocks_module
blocks_module.BLOCK_BYTES = 256
{convert}
SIZES = [20, 50, 80, 90, 200]  # the last has enough blocks for threads
operands = [(x[:2, n : n + size], p[:2, n : n + size]) for n, size in enumerate(SIZES)]
functions = [
    lambda x, p: kl_div(x, p, reduction="sum"),
    lambda x, p: kl_div(x, p, reduction="none", axis=-1),
    lambda x, p: kl_div_gradient(x, p, reduction="sum")[1],
    lambda x, p: js_div_with_logits(x, p, reduction="none"),
]
tasks = [(function, pair) for function in functions for pair in operands]
expected = [np.asarray(function(*pair)).tobytes() for function, pair in tasks]
wrong, done = [], []

def caller(number):
    count = 0
    with thread_limit(1 + number % 3):
        for turn in range(1250):
            place = (turn + number) % len(tasks)
            function, pair = tasks[place]
            if np.asarray(function(*pair)).tobytes() != expected[place]:
                wrong.append(place)
            count += 1
    done.append(count)

callers = [threading.Thread(target=caller, args=(number,)) for number in range(8)]
for thread in callers: thread.start()
for thread in callers: thread.join()
print(sum(done), wrong, len(ours()))
"""


@pytest.mark.long
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_ten_thousand_calls_of_many_threads_have_the_results_of_one(library):
    convert = ""
    if library == "torch":
        usable("torch")
        convert = "import torch; torch.set_num_threads(3); x, p = map(torch.asarray, (x, p))"
    assert run_python(CROWD.format(convert=convert)) == ["10000", "[]", "0"]


# Limits at which a thread can be started, but not come to life, lie close together.
TIGHT = """
import resource, subprocess
from kldiv_xp.host import blocks as blocks_module
blocks_module.BLOCK_BYTES = 1 << 14
p = rng.random((64, 16384), dtype="float32")
x = np.log(p[::-1])
{convert}

def pages():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0])

def outcome(call, before):
    try:
        return "right" if value(call, 4) == before else "wrong"
    except MemoryError:
        return "MemoryError"

def outcome_with(kibibytes, call, before):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        limit = pages() * resource.getpagesize() + kibibytes * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        os.write(writing, outcome(call, before).encode())
        os._exit(0)
    os.close(writing)
    found = os.read(reading, 100).decode()
    os.close(reading)
    os.waitpid(child, 0)
    return found or "nothing"  # its memory was used up before it could answer

STEPS = range(0, 512, 64)
for name, call in calls.items():
    before = value(call, 1)
    for stacks in range(4):
        for more in STEPS:
            print(name, outcome_with(stacks * 8192 + more, call, before))
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc and setrlimit")
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_thread_that_dies_while_it_starts_is_not_waited_for(library):
    convert = ""
    if library == "torch":
        usable("torch")
        convert = "import torch; torch.set_num_threads(4); x, p = map(torch.asarray, (x, p))"
    said = run_python(CALLS + TIGHT.format(convert=convert))
    for name in NAMES:
        outcomes = {then for of, then in zip(said[::2], said[1::2], strict=True) if of == name}
        assert outcomes <= {"right", "MemoryError", "nothing"}, name
        assert "right" in outcomes, name


# The terms of 400 MB do not fit into what is left.
MEMORY = """
import resource
big = np.broadcast_to(p[:1], (340, 300_000))
def pages():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0])
def left(mebibytes):
    limit = pages() * resource.getpagesize() + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
{convert}
before = np.asarray(kl_div(big[:1], big[:1], reduction="sum")).tobytes()
left(100)
errors = []
for call in (
    lambda: kl_div(big, big, reduction="none"),
    lambda: kl_div_gradient(big, big, reduction="sum"),
):
    for threads in (1, 3):
        try:
            with thread_limit(threads):
                call()
        except MemoryError as error:
            errors.append(type(error).__mro__[-4].__name__)
after = np.asarray(kl_div(big[:1], big[:1], reduction="sum")).tobytes()
print(len(errors), len(ours()), before == after)
# A sum needs some MiB for a thread, whatever the operands.
print(bool(np.isfinite(np.asarray(kl_div(big, big, reduction="sum")))))
"""


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc and setrlimit")
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_end_of_memory_is_a_memory_error_and_no_end_of_work(library):
    convert = ""
    if library == "torch":
        usable("torch")
        convert = "import torch; p = torch.asarray(p); big = p[:1].expand(340, 300_000)"
    assert run_python(MEMORY.format(convert=convert)) == ["4", "0", "True", "True"]


def test_sub_interpreter_can_import_the_package_and_is_told_by_the_library_what_it_cannot():
    """The package itself keeps no state that interpreters would share; NumPy decides the rest."""
    names = ("_interpreters", "_xxsubinterpreters")
    program = """
import importlib
for name in {names!r}:
    try:
        interpreters = importlib.import_module(name)
        break
    except ImportError:
        continue
inside = '''
import sys, kldiv_xp
assert "numpy" not in sys.modules
try:
    kldiv_xp.kl_div([1.0], [1.0])
except TypeError as error:
    print(str(error).split()[0])
'''
number = interpreters.create()
failed = interpreters.run_string(number, inside)
print(failed)
interpreters.destroy(number)
"""
    assert run_python(program.format(names=names)) == ["`input`", "None"]
