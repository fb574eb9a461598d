"""Compiled loops in processes of their own: when the compiler is loaded, and after a fork."""

import os
import subprocess
import sys

import pytest
from numpy.testing import assert_allclose

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from kldiv_xp.fused import choice

LOADS = """
import sys
import numpy as np
from kldiv_xp import kl_div

def loaded():
    return "llvmlite" in sys.modules

before = loaded()
small, large = np.full(1000, 0.5), np.full(100_000, 0.5)
kl_div(small, small, reduction="sum")
print(before, loaded(), float(kl_div(large, large, reduction="sum")), loaded())
"""
WITHOUT = "import sys; sys.modules['llvmlite'] = None\n"
VALUE = "-59657.35902799727"


@pytest.mark.few(1, 3)
@pytest.mark.parametrize(
    ("prelude", "setting", "expected"),
    [("", None, "True"), ("", "0", "False"), (WITHOUT, None, "True"), (WITHOUT, "1", "True")],
    ids=["installed", "switched off", "not installed", "not installed but asked for"],
)
def test_compiler_is_loaded_by_the_first_large_call_alone(prelude, setting, expected):
    environment = {
        name: value for name, value in os.environ.items() if name != choice.FUSED_VARIABLE
    }
    environment |= {} if setting is None else {choice.FUSED_VARIABLE: setting}
    done = subprocess.run(
        [sys.executable, "-c", prelude + LOADS],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert not done.stderr
    before, small, value, large = done.stdout.split()
    present = str(bool(prelude))  # None is there, for the name of what cannot be imported
    assert (before, small, large) == (present, present, expected)
    assert_allclose(float(value), float(VALUE), rtol=1e-12)


FORKS = """
import os
import numpy as np
from kldiv_xp import kl_div, thread_limit

p = np.full((6, 70_000), 0.5, "float32")
with thread_limit(3):
    value = kl_div(p, p, reduction="sum")
    child = os.fork()
    again = kl_div(p, p, reduction="sum") == value
    kl_div(p, p, reduction="sum", log_target=True)
if not child:
    os._exit(not again)
raise SystemExit(os.waitpid(child, 0)[1] or not again)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_child_of_a_fork_computes_and_compiles():
    done = subprocess.run(
        [sys.executable, "-c", FORKS],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {choice.FUSED_VARIABLE: "1"},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
