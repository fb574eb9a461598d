"""Run the conformance suite and the unit tests on a backend, each in its own process."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from benchmarks.rounds import ROOT

Line = dict[str, Any]

# How many vectors, where a call takes from a tenth of a second to seconds; elsewhere all.
SAMPLED = dict.fromkeys(
    ("torch-compile", "torch-cuda-compile", "jax-jit", "mlx-compile", "ndonnx", "cubed"), 150
)
# Values, gradients, masks and types. MLX's exp of float64 has the digits of float32.
TESTS = (
    "tests/core/test_facts.py::test_backend_runs_here",
    *(f"tests/api/test_kl_div{end}.py" for end in ("", "_warnings", "_gradient")),
    *(f"tests/api/test_with_logits{end}.py" for end in ("", "_masks", "_options", "_autodiff")),
    *("-k", "not ((ndonnx or mlx or cubed) and with_logits)", "-m", "not long and not slow"),
)

UNTESTED = ("mlx-compile", "torch-cuda-compile")
"""Backends of the suite that the tests do not have."""


def judged(backend: str) -> Line:
    """Versions and verdicts of a backend, or why it does not run here."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        sample = [f"--sample={SAMPLED[backend]}"] if backend in SAMPLED else []
        options = ["--allow-missing", f"--backend={backend}", f"--output={path}", *sample]
        python("kldiv_conformance", "run", *options)
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (about,) = [line for line in lines if line["kind"] == "backend"]
    found = {"versions": about["versions"], "skipped": about["skipped"]}
    if about["skipped"]:
        return found
    verdicts = Counter(line["verdict"] for line in lines if line["kind"] == "outcome")
    return {**found, "asked": lines[0]["vectors"], "verdicts": dict(sorted(verdicts.items()))}


def tested(backend: str) -> Line:
    """How many tests with this backend passed and failed."""
    if backend in UNTESTED:
        return {"passed": 0, "failed": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "junit.xml"
        plugins = ("-p", "no:cacheprovider", "-n", "0")
        options = ("-q", f"--junit-xml={path}", *plugins, *TESTS)
        python("pytest", *options, KLDIV_XP_BACKENDS=backend)
        return counted(ET.parse(path).getroot(), backend)  # noqa: S314 - our file


def counted(report: ET.Element, backend: str) -> Line:
    """Verdicts of the tests that have the backend among their parameters."""
    found: Line = {"passed": 0, "failed": []}
    for case in report.iter("testcase"):
        name = case.get("name") or ""
        if not any(f"[{backend}{end}" in name or f"-{backend}{end}" in name for end in "-]"):
            continue
        if case.find("failure") is not None or case.find("error") is not None:
            found["failed"].append(f"{case.get('classname')}::{name}")
        elif case.find("skipped") is None:
            found["passed"] += 1
    return found


def python(*arguments: str, **variables: str) -> None:
    """A module of Python, run in the source tree, whose exit code is that of what it judges."""
    paths = [str(ROOT), str(ROOT / "conformance"), os.environ.get("PYTHONPATH")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **variables}
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(  # noqa: S603 - our own modules
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, 1, 2}:
        message = f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}"
        raise RuntimeError(message)
