import subprocess
import sys
from pathlib import Path

import pytest

CONFORMANCE = Path(__file__).parents[2] / "conformance"


def generate(*arguments):
    command = [sys.executable, "-m", "generate", *map(str, arguments)]
    return subprocess.run(command, cwd=CONFORMANCE, capture_output=True, text=True, check=False)


def test_files_are_what_the_generator_writes():
    done = generate("--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_check_fails_when_a_single_digit_differs(tmp_path):
    assert generate("--folder", tmp_path).returncode == 0
    path = tmp_path / "ordinary.json"
    path.write_text(path.read_text().replace("0x1.8", "0x1.9", 1))
    done = generate("--check", "--folder", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("ordinary.json in ")


@pytest.mark.parametrize("path", sorted((CONFORMANCE / "generate").rglob("*.py")), ids=str)
def test_generator_never_imports_the_implementation(path):
    assert "import kldiv_xp" not in path.read_text()
    assert "from kldiv_xp" not in path.read_text()
