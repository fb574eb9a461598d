"""Checks by others: the unit tests and the conformance suite, each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from benchmarks.rounds import ROOT

Line = dict[str, Any]

THIRDS = tuple(f"--vector=*[{digits}]" for digits in ("0-3", "4-6", "7-9"))
# In parts, where kernels are compiled; some vectors, where each takes long: JAX compiles every one,
# torch.compile for seconds.
BACKENDS = {
    "cupy": THIRDS,
    "torch-cuda": THIRDS,
    "torch-cuda-compile": ("--sample=80",),
    "jax": ("--sample=500",),
    "jax-jit": ("--sample=150",),
}
WORKERS = "13"
PLUGINS = ("-p", "no:cacheprovider", "-p", "no:benchmark")
ORDINARY = "not long and not slow"
CHOSEN = "cupy or torch-cuda or jax-cuda"
# Only so much of the simulated device's own tests as shows that they are run and counted.
DRY_TESTS = ["tests/backends/torch/test_cuda.py", "-k", "special"]
# JAX takes most of a GPU's memory at its start unless it is told not to.
ENVIRONMENT = {
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # Others are measured meanwhile, whose host is to be free.
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
}


def python(*arguments: str, seconds: float | None = None) -> "subprocess.CompletedProcess[str]":
    """A module of Python, run in the source tree; interrupted after so many seconds."""
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        streams = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        streams = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, *streams)


def tests(*, dry_run: bool, seconds: float | None) -> Line:
    """How many unit tests passed, failed and were skipped, and why."""
    chosen = DRY_TESTS if dry_run else ["tests", "-n", WORKERS, "-m", ORDINARY, "-k", CHOSEN]
    with tempfile.TemporaryDirectory() as folder:
        path, started = Path(folder) / "junit.xml", time.monotonic()
        done = python("pytest", "-q", *PLUGINS, f"--junit-xml={path}", *chosen, seconds=seconds)
        if not path.exists():
            return {"error": last_line(done.stderr or done.stdout)}
        found = {"chosen": chosen[-1], **counted(ET.parse(path).getroot())}  # noqa: S314 - our file
    if seconds is not None and time.monotonic() - started >= seconds:
        found["cut"] = f"the run was cut after {seconds:g} s, when these had ended"
    return found


def counted(report: ET.Element) -> Line:
    """Verdicts of a report of pytest."""
    found: Line = {"passed": 0, "failed": [], "skipped": {}}
    for case in report.iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            found["failed"].append(f"{case.get('classname')}::{case.get('name')}")
        elif skipped is not None:
            reason = skipped.get("message") or "unknown"
            found["skipped"][reason] = found["skipped"].get(reason, 0) + 1
        else:
            found["passed"] += 1
    return found


def conformance(*, dry_run: bool) -> Line:
    """Verdicts of the conformance suite, counted for each backend; of some a spread of vectors."""
    runs = [(name, option) for name, options in BACKENDS.items() for option in options]
    if dry_run:
        runs = [("torch", "--implementation=benchmarks.gpu.stand_in:kl_div")]
    with ThreadPoolExecutor() as pool:
        lines = [line for found in pool.map(lambda run: judged(*run), runs) for line in found]
    skipped = {line["backend"]: line["skipped"] for line in lines if line.get("skipped")}
    return {"verdicts": verdicts(lines), "failed": failed(lines), "skipped": skipped}


def judged(backend: str, option: str) -> list[Line]:
    """Lines of the conformance suite's report about one backend."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        done = python(
            "kldiv_conformance", "run", f"--output={path}", f"--backend={backend}", option
        )
        if not path.exists():
            return [{"backend": backend, "skipped": last_line(done.stderr or done.stdout)}]
        return [json.loads(line) for line in path.read_text().splitlines()]


def verdicts(lines: list[Line]) -> dict[str, dict[str, int]]:
    """Backend to verdict to the number of vectors."""
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        if "verdict" in line and "backend" in line:
            of_backend = found.setdefault(line["backend"], {})
            of_backend[line["verdict"]] = of_backend.get(line["verdict"], 0) + 1
    return found


def failed(lines: list[Line]) -> list[str]:
    """Backend and name of every vector that failed, and in which way."""
    names = ("backend", "id", "verdict", "detail")
    return [
        " ".join(str(line[name]) for name in names)
        for line in lines
        if line.get("verdict", "pass") not in {"pass", "not supported"}
    ]


def all_syncs(*, dry_run: bool) -> dict[str, Line]:
    """Calls that wait for the device, of each library that is asked."""
    return {library: syncs(library, dry_run=dry_run) for library in ("torch", "cupy")}


def syncs(library: str, *, dry_run: bool) -> Line:
    """Calls that wait for the device."""
    done = python("benchmarks.gpu.syncs", library, *(["--dry-run"] if dry_run else []))
    if done.returncode:
        return {"error": last_line(done.stderr)}
    answer: Line = json.loads(done.stdout.splitlines()[-1])
    return answer


def last_line(text: str) -> str:
    """End of what a process said."""
    return (text.strip().splitlines() or ["no output"])[-1]
