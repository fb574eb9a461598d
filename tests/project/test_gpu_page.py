"""The scripts for a GPU: a dry run goes through all of them, and the page says what is unproven."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import cuda_on_cpu
import pytest

for package in ("torch", "jinja2", "click"):
    pytest.importorskip(package, reason=f"{package} is not installed")

pytestmark = pytest.mark.dry_run
ROOT = Path(__file__).parents[2]
NOT_MEASURED = {
    "no bfloat16", "not measured in this case", "no hidden states", "no teacher known in part"
}  # fmt: skip

if not (ROOT / "benchmarks" / "gpu").exists():
    pytest.skip("benchmarks/ is not in this source tree", allow_module_level=True)


def run(*arguments, check=True):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu", *arguments],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=check,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a dry run has written to."""
    if cuda_on_cpu.why_unusable():
        pytest.skip(cuda_on_cpu.why_unusable())
    made = tmp_path_factory.mktemp("dry")
    run("run", "--dry-run", "--output", str(made))
    return made


@pytest.fixture(scope="module")
def found(folder):
    return json.loads((folder / "gpu" / "results.json").read_text())


@pytest.fixture
def gpu(monkeypatch):
    """The modules of the scripts."""
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.gpu.checks
    import benchmarks.gpu.page
    import benchmarks.gpu.targets

    return benchmarks.gpu


def test_every_peer_is_measured_or_says_why_not(found, gpu):
    assert set(found["peers"]) == set(gpu.page.PEERS)
    for name, peer in found["peers"].items():
        entries = [of_case.get(name, peer) for of_case in found["measured"].values()]
        assert all(entry.get("quartiles") or entry.get("skip") for entry in entries), name


def test_our_peers_are_all_measured(found, gpu):
    for name in ("ours-torch", "ours-torch-blocks", "ours-torch-compile", "ours-cupy"):
        for case, entries in found["measured"].items():
            known = entries[name].get("skip") in NOT_MEASURED
            assert known or entries[name]["quartiles"], (name, case)


def test_simulated_kernels_conform(found):
    """The conformance suite but for logits, on tensors in host memory that pass for CUDA's."""
    verdicts = found["conformance"]["verdicts"]["torch"]
    assert verdicts["pass"] > 900
    assert set(verdicts) <= {"pass", "not supported"}


def test_every_call_is_made_where_it_would_be_judged(found):
    for library in ("torch", "cupy"):
        calls = found["syncs"][library]["calls"]
        assert len(calls) >= 15
        assert {call["error"] for call in calls} == {None}


def test_unit_tests_are_run_and_counted(found):
    assert found["tests"]["passed"] > 0
    assert found["tests"]["failed"] == []


def test_page_of_a_dry_run_says_that_its_numbers_mean_nothing(folder):
    page = (folder / "gpu.md").read_text()
    assert "its numbers mean nothing" in page
    assert "a dry run judges none" in page
    assert "Measured on" not in page


def test_page_comes_from_the_results_alone(folder, tmp_path):
    (tmp_path / "gpu").mkdir()
    results = (folder / "gpu" / "results.json").read_bytes()
    (tmp_path / "gpu" / "results.json").write_bytes(results)
    run("report", "--output", str(tmp_path))
    assert (tmp_path / "gpu.md").read_text() == (folder / "gpu.md").read_text()


def test_page_in_docs_is_what_the_script_writes(tmp_path, gpu):
    results = ROOT / "docs" / "gpu" / "results.json"
    kernels = gpu.page.read(results.with_name("kernels.json"))
    gpu.page.write_page(gpu.page.read(results), tmp_path / "gpu.md", kernels)
    assert (tmp_path / "gpu.md").read_text() == (ROOT / "docs" / "gpu.md").read_text()


def test_page_without_a_run_says_that_nothing_was_measured(tmp_path, gpu):
    gpu.page.write_page(None, tmp_path / "gpu.md")
    page = (tmp_path / "gpu.md").read_text()
    assert "**Nothing on this page was measured on a GPU" in page
    for target in gpu.page.TARGETS:
        assert f"| {target.promise} |" in page
        assert "| not measured |" in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--dry-run"], "a dry run proves nothing about a GPU: pass the folder for its page"),
        ([], "needs a CUDA device; got none: torch sees no CUDA device: use --dry-run"),
    ],
)
def test_run_that_cannot_prove_anything_is_refused(arguments, sentence):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if not arguments and torch.cuda.is_available():
        pytest.skip("torch sees a CUDA device")
    done = run("run", *arguments, check=False)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.replace("│", " ").split())


def entries(time, copy, peak=0):
    """Results of a case in which ours and a copy took so long."""
    ours = {"quartiles": [time] * 3, "bytes": 200, "peak": peak}
    return {"ours": ours, "copy": {"quartiles": [copy] * 3, "bytes": 200}}


def test_share_of_a_copy_counts_bytes_for_time(gpu):
    reading = gpu.targets.share_of_copy("ours", "copy")
    assert reading(None, entries(2.0, 1.0)) == 50
    assert reading(None, {}) is None


def test_memory_is_counted_in_operands(gpu):
    (case, *_) = gpu.page.cases(dry_run=True)
    reading = gpu.targets.memory_in_operands("ours")
    assert reading(case, entries(1.0, 1.0, peak=2 * case.operand_bytes)) == 2
    assert reading(case, {}) is None


@pytest.mark.parametrize("target", range(9))
def test_worst_case_decides_about_a_target(gpu, target):
    target = gpu.targets.TARGETS[target]
    good = target.bound * (0.5 if target.at_most else 2)
    bad = target.bound * (2 if target.at_most else 0.5)
    assert target.worst({"a": good, "b": bad}) == bad
    assert target.is_met(good)
    assert not target.is_met(bad)


def test_tests_that_fail_are_named(gpu):
    report = ET.fromstring(
        "<r><testcase classname='a' name='b'><failure/></testcase><testcase name='c'/>"
        "<testcase name='d'><skipped message='no GPU'/></testcase></r>"
    )
    expected = {"passed": 1, "failed": ["a::b"], "skipped": {"no GPU": 1}}
    assert gpu.checks.counted(report) == expected


def test_call_that_waits_is_told(gpu):
    from benchmarks.gpu import syncs

    def judge(_):
        raise RuntimeError("called a synchronizing CUDA operation")

    line = syncs.judged("kl_div", lambda: None, judge)
    assert line == {
        "call": "kl_div",
        "error": "RuntimeError: called a synchronizing CUDA operation",
    }


def test_memory_hook_sees_the_peak_and_not_the_sum(gpu):
    from benchmarks.gpu import clocks

    hook = clocks.peak_hook(object)()
    for size in (100, 50):
        hook.malloc_postprocess(mem_size=size)
        hook.free_postprocess(mem_size=size)
    assert hook.most == 100
