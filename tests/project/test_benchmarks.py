"""The benchmark: everything is measured or visibly skipped, and told on the page."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

for package in ("torch", "matplotlib", "jinja2", "rich", "click"):
    pytest.importorskip(package, reason=f"{package} is not installed")

pytestmark = pytest.mark.dry_run
ROOT = Path(__file__).parents[2]

if not (ROOT / "benchmarks").exists():
    pytest.skip("benchmarks/ is not in this source tree", allow_module_level=True)


def run(*arguments, check=True, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=check,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a quick run has written to."""
    made = tmp_path_factory.mktemp("quick")
    run("run", "--quick", "--output", str(made))
    return made


@pytest.fixture(scope="module")
def found(folder):
    return json.loads((folder / "performance" / "results.json").read_text())


@pytest.fixture
def benchmarks(monkeypatch):
    """The modules that hold the tables."""
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.cases
    import benchmarks.clock
    import benchmarks.goals
    import benchmarks.operands
    import benchmarks.peers
    import benchmarks.results

    return benchmarks


def test_every_peer_is_measured_or_says_why_not(found, benchmarks):
    assert set(found["peers"]) == set(benchmarks.peers.PEERS)
    measured = {peer for entries in found["measured"].values() for peer in entries}
    for name, peer in found["peers"].items():
        assert ("skip" in peer) != (name in measured)
        assert "No module named" in peer.get("skip", "No module named")


def test_nothing_fails(found):
    errors = {
        (case, peer): entry["error"]
        for case, entries in found["measured"].items()
        for peer, entry in entries.items()
        if "error" in entry
    }
    assert errors == {}


def test_the_page_names_every_target(folder, benchmarks):
    page = (folder / "performance.md").read_text()
    for target in benchmarks.goals.TARGETS:
        assert f"| {target.promise} | {target.bound} |" in page


def test_every_target_of_what_is_installed_gets_a_verdict(found, benchmarks):
    results = benchmarks.results.Results(found)
    for target in benchmarks.goals.TARGETS:
        peers = {target.over, target.under or target.over}
        # What torch.compile takes long for is left out of a quick run.
        planned = all(peers <= {*found["cases"][case]["peers"]} for case in target.cases)
        is_of_all = target.against or planned
        if is_of_all and not any("skip" in found["peers"][peer] for peer in peers):
            assert len(target.readings(results)) == len(target.cases)


def test_page_and_pictures_come_from_the_results_alone(folder, tmp_path):
    (tmp_path / "performance").mkdir()
    results = folder / "performance" / "results.json"
    (tmp_path / "performance" / "results.json").write_bytes(results.read_bytes())
    run("report", "--output", str(tmp_path))
    assert (tmp_path / "performance.md").read_text() == (folder / "performance.md").read_text()
    for name in ("time", "time_of_all", "memory"):
        for path in (f"{name}.png", f"{name}.phone.png"):
            assert (tmp_path / "performance" / path).read_bytes().startswith(b"\x89PNG")


def test_missing_peer_is_a_visible_skip(tmp_path):
    absent = "raise ModuleNotFoundError(\"No module named 'numba'\")\n"
    (tmp_path / "numba.py").write_text(absent)
    run("run", "--quick", "-p", "numba", "--output", str(tmp_path), PYTHONPATH=str(tmp_path))
    found = json.loads((tmp_path / "performance" / "results.json").read_text())
    assert found["peers"]["numba"]["skip"] == "No module named 'numba'"
    page = (tmp_path / "performance.md").read_text()
    assert "- numba, a parallel loop: skipped, No module named 'numba'\n" in page


def test_report_without_results_is_told_in_a_sentence(tmp_path):
    done = run("report", "--output", str(tmp_path), check=False)
    assert done.returncode == 2
    assert "measure with `run` first" in done.stderr


@pytest.mark.parametrize(
    ("zeros", "positive"), [("no", 6 * 50), ("half", range(100, 200)), ("one-hot", 6)]
)
def test_operands_are_distributions_with_the_zeros_asked_for(benchmarks, zeros, positive):
    case = benchmarks.cases.Case(name="x", shape=(6, 50), peers=(), zeros=zeros, dtype="float64")
    log_q, p = benchmarks.operands.operands(case)
    assert abs(p.sum(axis=1) - 1).max() < 1e-12
    assert (log_q < 0).all()
    count = int((p > 0).sum())
    assert count in positive if isinstance(positive, range) else count == positive


@pytest.mark.parametrize("layout", ["strided", "broadcast", "memmap"])
def test_layouts_hold_the_same_values(benchmarks, layout):
    case = benchmarks.cases.Case(name="x", shape=(6, 50), peers=(), layout=layout)
    plain = benchmarks.cases.Case(name="x", shape=(6, 50), peers=())
    for array, same in zip(*map(benchmarks.operands.operands, (case, plain)), strict=True):
        rows = same[:1] if layout == "broadcast" else same
        assert (array == rows).all()
        assert array.shape == same.shape


def test_memory_that_a_function_takes_is_seen(benchmarks):
    def take():
        return bytearray(b"x") * (64 << 20)

    grown = benchmarks.clock.extra_memory(take)
    assert grown["bytes"] > 60 << 20


def test_compiled_loops_are_measured_beside_none():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    command = [sys.executable, "-m", "benchmarks.fused", "--rows=4", "--columns=300", "--calls=1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines()]
    assert [len(row) for row in rows] == [3] * 20
    assert all(float(without) >= 0 for _, without, _ in rows[2:])


def test_errors_of_derivatives_are_measured_for_each_library(monkeypatch):
    pytest.importorskip("jax", reason="jax is not installed")
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.derivative_errors import TEMPERATURES, errors, every_kind

    for temperature in TEMPERATURES:
        pair = next(every_kind(temperature))
        found = errors(iter([pair]), temperature)
        assert set(found) == {"NumPy", "torch", "jax.jit"}
        assert 0 < max(found.values()) <= 1e-6
