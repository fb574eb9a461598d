"""The adapters of frameworks are short, pass what they claim, refuse the rest, and convict."""

import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kldiv_conformance._report import read_report

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "conformance_of_frameworks"
LONGEST = 20
# What each needs, what is judged by it, and vectors of the kind that it claims.
EXAMPLES = {
    "tensorflow_adapter": ("tensorflow", "tensorflow_adapter:kl_div", "ordinary_0*"),
    "keras_adapter": ("keras", "keras_adapter:kl_div", "ordinary_0*"),
    "paddle_adapter": ("paddle", "paddle_adapter:kl_div", "ordinary_0*"),
    "onnxruntime_adapter": ("onnxruntime", "kldiv_xp:kl_div", "ordinary_00[1-3]"),
    "trl_adapter": ("trl", "trl_adapter:kl_div", "logits_0[0-3]?"),
}
DOUBLED = """
import {module} as right

def kl_div(*arrays, **options):
    return right.{loss}(*arrays, **options) * 2

def js_div_with_logits(*arrays, **options):
    return right.js_div_with_logits(*arrays, **options) * 2
"""
# The clamp of Keras at 1e-7 is felt by these.
FELT = {"keras_adapter": ("ordinary_08*",), "tensorflow_adapter": ("ordinary_08*",)}


def judged(name, implementation, folder):
    """Outcomes of an example; two frameworks in one process may well end it."""
    library, _, pattern = EXAMPLES[name]
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    backend = "--backend=torch" if name == "trl_adapter" else f"--adapter={name}:ADAPTER"
    chosen = [f"--vector={pattern}", *(f"--exclude={one}" for one in FELT.get(name, ()))]
    options = [backend, f"--implementation={implementation}", "--output=run.jsonl", *chosen]
    paths = [str(path) for path in (FOLDER, ROOT / "conformance", ROOT / "src")]
    done = subprocess.run(
        [sys.executable, "-m", "kldiv_conformance", "run", *options],
        cwd=folder,
        env={**os.environ, "KERAS_BACKEND": "torch", "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return read_report(folder / "run.jsonl").outcomes


@pytest.mark.long
@pytest.mark.cases(1)
@pytest.mark.parametrize("name", EXAMPLES)
def test_framework_passes_what_it_claims_and_refuses_the_rest_with_a_reason(name, tmp_path):
    found = judged(name, EXAMPLES[name][1], tmp_path)
    assert [f"{one['id']}: {one['detail']}" for one in found if one["verdict"] == "failure"] == []
    assert any(one["verdict"] == "pass" for one in found)
    assert all(one["detail"] for one in found if one["verdict"] == "not supported")


@pytest.mark.cases(1)
@pytest.mark.parametrize("name", EXAMPLES)
def test_loss_that_is_doubled_fails_on_the_framework(name, tmp_path):
    module, _, loss = EXAMPLES[name][1].partition(":")
    (tmp_path / "doubled.py").write_text(DOUBLED.format(module=module, loss=loss))
    found = judged(name, "doubled:kl_div", tmp_path)
    assert "failure" in {one["verdict"] for one in found}
    assert {one["verdict"] for one in found} <= {"failure", "not supported"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_adapter_has_at_most_20_lines(name):
    lines = (FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= LONGEST


def test_every_adapter_is_tested_and_judged_by_nox():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(EXAMPLES)
    session = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert all(f"{name}:" in session for name in EXAMPLES)


def test_nox_installs_what_it_judges():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = " ".join(map(str, groups["dependency-groups"]["frameworks"]))
    for library, *_ in EXAMPLES.values():
        assert library in installed
    assert all(name in installed for name in ("sparse", "dpnp", "mlx"))
