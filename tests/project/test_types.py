"""Types that checkers infer, and calls that they refuse, in typed_calls.py."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

CALLS = Path(__file__).with_name("typed_calls.py")
PACKAGE = Path(importlib.util.find_spec("kldiv_xp").origin).parent
# Of torch and JAX what types need; the rest would take half a minute.
CONFIGURATION = """[mypy]
follow_imports = silent
[mypy-torch.*,jax.*]
follow_imports = skip
[mypy-torch,torch._tensor,torch._C,torch.types,torch.nn,torch.nn.parameter,jax,jax._src.basearray]
follow_imports = silent
"""


@pytest.fixture
def folder(tmp_path):
    """Folder of the calls and the package, so that it is found wherever it was installed."""
    for library in ("numpy", "torch", "jax"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    tmp_path.joinpath("kldiv_xp").symlink_to(PACKAGE)
    tmp_path.joinpath(CALLS.name).write_text(CALLS.read_text())
    tmp_path.joinpath("mypy.ini").write_text(CONFIGURATION)
    return tmp_path


def run(folder, *command):
    done = subprocess.run(
        [sys.executable, "-m", *command, CALLS.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def said():
    """Comments of the calls, by line."""
    lines = enumerate(CALLS.read_text().splitlines(), start=1)
    return {number: line.partition("  # ")[2] for number, line in lines if "  # " in line}


def told(messages):
    """Answers of a checker, by line: 'refused' for an error, else a type without its modules."""
    types = [(line, re.findall('[Tt]ype.* is "(.*)"$', text)) for line, text in messages]
    return {
        line: re.sub(r"\b(\w+\.)+\b", "", found[0]) if found else "refused" for line, found in types
    }


@pytest.mark.long
def test_mypy_infers_types_and_refuses_what_does_not_fit(folder):
    pytest.importorskip("mypy", reason="mypy is not installed")
    output = run(
        folder, "mypy", "--strict", f"--cache-dir={folder / 'cache'}", "--no-error-summary"
    )
    messages = re.findall(r":(\d+): (?:error|note): (.*?)(?:  \[.*\])?$", output, re.MULTILINE)
    assert told((int(line), text) for line, text in messages) == said()


def test_pyright_infers_types_and_refuses_what_does_not_fit(folder):
    pytest.importorskip("basedpyright", reason="basedpyright is not installed")
    folder.joinpath("pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
    report = json.loads(run(folder, "basedpyright", "--outputjson"))
    found = report["generalDiagnostics"]
    messages = [(one["range"]["start"]["line"] + 1, one["message"]) for one in found]
    assert told(messages) == said()
