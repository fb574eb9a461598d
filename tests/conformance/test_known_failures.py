"""An author starts from the known failures that the package ships, as its page says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conformance_commands import invoke

PAGE = Path(__file__).parents[2] / "conformance" / "README.md"
RIGHT = """
import jax.numpy as jnp

def kl_div(input, target, *, reduction, log_target):
    if {input.dtype, target.dtype} - {jnp.dtype("float32"), jnp.dtype("float64")}:
        raise NotImplementedError
    p = jnp.exp(target) if log_target else target
    is_zero = (p == 0) & ~jnp.isnan(input)
    t = jnp.where(is_zero, 1, target)
    difference = (t if log_target else jnp.log(t)) - jnp.where(is_zero, 0, input)
    terms = jnp.where(is_zero, 0, p * difference)
    if reduction == "none":
        return terms
    divisor = {"sum": 1, "mean": terms.size, "batchmean": (*terms.shape, 1)[0]}[reduction]
    return terms.sum() / divisor
"""


@pytest.mark.long
@pytest.mark.cases(1)
def test_a_right_jax_loss_passes_with_the_known_failures_that_the_page_copies(kernels, tmp_path):
    pytest.importorskip("jax")
    kernels("mine", RIGHT)
    judge = ("run", "-b", "jax", "-i", "mine:kl_div", "--flag", "Subnormal")
    status, shown = invoke(*judge)
    assert status == 1
    assert re.search(r"jax +│ +12 │ +0 │", shown)
    page = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^suite=.*\ncp -r .*$", page, re.MULTILINE)
    assert len(commands) == 1
    shell = f'python() {{ "{sys.executable}" "$@"; }}\n{commands[0]}'
    subprocess.run([shutil.which("bash"), "-c", shell], check=True, cwd=tmp_path)
    status, shown = invoke(*judge, "--deviations", tmp_path / "deviations")
    assert status == 0
    assert re.search(r"jax +│ +0 │ +12 │", shown)
