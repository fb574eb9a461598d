import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "conformance_of_your_kernel"
# The program as it is without an installation.
MODULE = "python -m kldiv_conformance"


@pytest.fixture
def project(tmp_path):
    return shutil.copytree(EXAMPLE, tmp_path / "project")


def run(project):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_kernel_of_a_third_party_is_proved_by_five_lines(project):
    done = run(project)
    assert done.returncode == 0, done.stdout
    passed, skipped = map(int, re.findall(r"(\d+) (?:passed|skipped)", done.stdout))
    assert passed > 500
    assert skipped > 100


def in_shell(line, folder):
    """Run a line of a page by the shell, with this Python and its programs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    command = ["bash", "-c", line]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.long
def test_line_of_the_page_of_examples_prints_what_stands_there():
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    line = re.search(r"^cd examples/conformance_of_your_kernel && .*$", page, re.MULTILINE)[0]
    promised = re.search(r"^\d+ passed, \d+ skipped$", page, re.MULTILINE)[0]
    done = in_shell(line, ROOT)
    assert done.returncode == 0, done.stdout
    assert promised in done.stdout


@pytest.mark.long
def test_lines_that_compare_a_kernel_with_torch_do(project):
    pytest.importorskip("torch", reason="torch is not installed")
    guide = (ROOT / "conformance" / "README.md").read_text(encoding="utf-8")
    guide = guide.replace("\\\n    ", "")
    lines = re.findall(r"^kldiv-conformance .*(?:mine|torch)\.jsonl.*$", guide, re.MULTILINE)
    mine, theirs, compare = lines
    mine, theirs = mine.replace("-b torch-cuda", "-b numpy"), theirs.replace("torch-cuda", "torch")
    for line in (f"{mine} --group ordinary", f"{theirs} --group ordinary"):
        done = in_shell(line.replace("kldiv-conformance", MODULE), project)
        assert done.returncode in {0, 1}, done.stderr
    done = in_shell(compare.replace("kldiv-conformance", MODULE), project)
    assert done.returncode in {0, 1}, done.stderr
    assert "vectors compared" in done.stdout


@pytest.mark.long
def test_lines_on_the_same_bits_print_what_stands_in_the_guide(tmp_path):
    for name in ("torch", "array_api_strict"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    guide = (ROOT / "conformance" / "README.md").read_text(encoding="utf-8")
    lines = re.findall(
        r"^kldiv-conformance .*bits\.jsonl$", guide.replace("\\\n    ", ""), re.MULTILINE
    )
    shown = re.findall(r"^kldiv_xp:kl_div on .* vectors compared, .*$", guide, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        done = in_shell(line.replace("kldiv-conformance", MODULE), tmp_path)
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == shown


@pytest.mark.long
def test_wrong_kernel_of_a_third_party_fails_and_the_bug_is_named(project):
    kernel = project / "my_kernel.py"
    kernel.write_text(kernel.read_text().replace("(log_p -", "(log_p / np.log(2) -"))
    done = run(project)
    assert done.returncode == 1
    assert "NaturalLog: A logarithm to base 2." in done.stdout
    assert "See `kldiv-conformance explain ordinary_" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    "checks", ["", "    import kldiv_xp\n    kldiv_xp.kl_div(input, target)\n"]
)
def test_kernel_that_gives_no_number_proves_nothing(project, checks):
    refusing = (
        "def kl_div(input, target, *, reduction, log_target):\n"
        f"{checks}    raise NotImplementedError\n"
    )
    (project / "my_kernel.py").write_text(refusing)
    done = run(project)
    assert done.returncode == 1
    assert "every number was skipped: `pytest -rs` says why" in done.stdout
    assert re.search(r"1 failed, (\d+ passed, )?\d+ skipped", done.stdout)


@pytest.mark.long
def test_part_without_a_number_from_the_kernel_proves_nothing(project):
    test = project / "test_my_kernel.py"
    test.write_text(test.read_text().replace("vectors()", 'vectors("tables")'))
    done = run(project)
    assert done.returncode == 1
    assert "every number was skipped: `pytest -rs` says why" in done.stdout


TERMS = """
#include <math.h>
extern "C" void terms(const float* x, const float* t, float* result, long size) {
  for (long at = 0; at < size; ++at) {
    double p = t[at], q = x[at];
    result[at] = p == 0 && !isnan(q) ? 0 : p * (log(p) - q);
  }
}
"""


@pytest.mark.long
@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_kernel_of_the_page_that_is_called_by_ctypes_passes_its_own_run(tmp_path):
    guide = (ROOT / "conformance" / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```py\n(import ctypes\n.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    (tmp_path / "my_kernel.py").write_text(text, encoding="utf-8")
    compiler = ["g++", "-x", "c++", "-", "-O1", "-shared", "-fPIC", "-o", "terms.so"]
    subprocess.run(compiler, cwd=tmp_path, input=TERMS, text=True, check=True)
    done = in_shell(
        f"{MODULE} run -b numpy -i my_kernel:kl_div --exclude bits --output run.jsonl", tmp_path
    )
    assert done.returncode == 0, done.stdout
    count = re.search(r"numpy\s+│\s+0 │\s+0 │\s+\d+ │\s+(\d+) ", done.stdout)
    assert int(count[1]) > 100
