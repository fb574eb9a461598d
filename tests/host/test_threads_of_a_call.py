"""A whole call leaves no thread, whatever the environment says and whoever calls."""

import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import usable

import kldiv_xp
from kldiv_xp import thread_limit
from kldiv_xp.host.threads import THREADS_VARIABLE

pytestmark = pytest.mark.usefixtures("no_setting")


def run_python(program, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


SETTING = """
import threading, numpy as np
from kldiv_xp import kl_div, kl_div_gradient, thread_limit
p = np.random.default_rng(0).random((40, 32_000), dtype="float32") + np.float32(0.01)
x = np.log(p[::-1])
"""


def test_importing_starts_no_thread_and_no_machinery_of_threads():
    program = (
        "import sys, threading, array_api_compat; before = set(sys.modules); import kldiv_xp;"
        "print(threading.active_count(), 'concurrent.futures' in set(sys.modules) - before)"
    )
    assert run_python(program) == "1 False"


@pytest.mark.slow
def test_no_thread_is_left_after_a_call():
    program = f"""{SETTING}
from kldiv_xp.host import sharing
import _thread
started = []
start = sharing.start_new_thread
sharing.start_new_thread = lambda *thread: (started.append(thread), start(*thread))
with thread_limit(4):
    kl_div(x, p, reduction="sum")
    kl_div(x, p, reduction="none")
    kl_div_gradient(x, p, reduction="sum")
print(len(started) >= 4, _thread._count(), threading.active_count())
"""
    # Of a sum, of terms, and of each of two gradients.
    assert run_python(program) == "True 0 1"


def test_loss_can_be_computed_while_the_interpreter_ends():
    program = f"""{SETTING}
import atexit
atexit.register(lambda: print(after(), value))
def after():
    with thread_limit(3):
        return float(kl_div(x, p, reduction="sum"))
value = after()
"""
    before, after = run_python(program).split()
    assert before == after


def test_bad_environment_is_told_by_the_call_that_needs_it():
    program = f"""{SETTING}
try:
    kl_div(x, p, reduction="sum")
except ValueError as error:
    print(error)
"""
    assert run_python(program, **{THREADS_VARIABLE: "many"}) == (
        "The environment variable KLDIV_XP_NUM_THREADS must be a whole number of at least 1; got "
        "'many': correct it or unset it."
    )


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("shape", [(2, 2), (0, 3)])
def test_bad_environment_is_told_by_a_small_call_too(monkeypatch, library, shape):
    operands = [np.full(shape, value) for value in (-0.7, 0.5)]
    if library == "torch":
        operands = list(map(usable("torch").array, operands))
    expected = float(kldiv_xp.kl_div(*operands, reduction="sum"))
    monkeypatch.setenv(THREADS_VARIABLE, "many")
    for call in (kldiv_xp.kl_div, kldiv_xp.kl_div_gradient, kldiv_xp.js_div_with_logits):
        if call is kldiv_xp.js_div_with_logits and 0 in shape and library == "torch":
            continue
        for reduction in ("none", "sum"):
            with pytest.raises(ValueError, match=THREADS_VARIABLE) as caught:
                call(*operands, reduction=reduction)
            assert str(caught.value).endswith("got 'many': correct it or unset it.")
    with thread_limit(2):
        assert float(kldiv_xp.kl_div(*operands, reduction="sum")) == expected
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    assert float(kldiv_xp.kl_div(*operands, reduction="sum")) == expected


def test_environment_that_is_no_dictionary_of_bytes_is_read_too():
    program = """
import os
settings = dict(os.environ, KLDIV_XP_NUM_THREADS="x")
os.environ = settings
import numpy as np, kldiv_xp
try:
    kldiv_xp.kl_div(np.ones(2), np.ones(2), reduction="sum")
except ValueError as error:
    print("got 'x'" in str(error))
"""
    assert run_python(program) == "True"


def test_small_arrays_start_no_thread(monkeypatch):
    monkeypatch.setattr("kldiv_xp.host.sharing.start_new_thread", None)
    p = np.full((2, 1000), 0.5)
    with thread_limit(8):
        assert kldiv_xp.kl_div(p, p, reduction="sum").shape == ()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_fork_after_a_threaded_call_computes_the_same():
    program = f"""{SETTING}
import os, sys
def value():
    with thread_limit(3):
        return kl_div(x, p, reduction="sum").tobytes()
before = value()
child = os.fork()
if child == 0:
    os._exit(0 if value() == before else 3)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), value() == before)
"""
    # Python warns of a fork while threads run, which is an error here: none do. What NumPy's own
    # BLAS keeps is no thread of Python's, but Python counts it too.
    assert run_python(program, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1") == "0 True"


@pytest.mark.long
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_a_pool_compute_the_same(method, tmp_path):
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"the system cannot start processes by {method}")
    program = tmp_path / "program.py"
    program.write_text(f"""{SETTING}
import multiprocessing
def value(limit):
    with thread_limit(limit):
        return float(kl_div(x, p, reduction="sum"))
if __name__ == "__main__":
    here = value(3)
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        print(pool.map(value, [3, 1]) == [here, here])
""")
    limited = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | limited,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


def test_many_threads_may_call_at_once():
    program = f"""{SETTING}
expected = kl_div(x, p, reduction="sum").tobytes()
values = []
def call(limit):
    with thread_limit(limit):
        values.append(kl_div(x, p, reduction="sum").tobytes())
callers = [threading.Thread(target=call, args=(1 + n % 3,)) for n in range(6)]
for caller in callers: caller.start()
for caller in callers: caller.join()
print(len(values), set(values) == {{expected}})
"""
    assert run_python(program) == "6 True"
