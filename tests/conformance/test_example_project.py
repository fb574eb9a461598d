import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "conformance_of_your_kernel"


@pytest.fixture
def project(tmp_path):
    return shutil.copytree(EXAMPLE, tmp_path / "project")


def run(project):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_kernel_of_a_third_party_is_proved_by_five_lines(project):
    done = run(project)
    assert done.returncode == 0, done.stdout
    passed, skipped = map(int, re.findall(r"(\d+) (?:passed|skipped)", done.stdout))
    assert passed > 500
    assert skipped > 100


@pytest.mark.slow
def test_wrong_kernel_of_a_third_party_fails_and_the_bug_is_named(project):
    kernel = project / "my_kernel.py"
    kernel.write_text(kernel.read_text().replace("(log_p -", "(log_p / np.log(2) -"))
    done = run(project)
    assert done.returncode == 1
    assert "NaturalLog: A logarithm to base 2." in done.stdout
    assert "See `kldiv-conformance explain ordinary_" in done.stdout
