"""python -m kldiv_conformance: what it imports, from where, and what it needs."""

from importlib.metadata import PackageNotFoundError

import pytest
from click.testing import CliRunner
from conformance_commands import program, python

from kldiv_conformance import _command_line


@pytest.mark.long
@pytest.mark.parametrize("command", [["list"], ["backends"], ["explain", "ordinary_001"]])
def test_file_of_the_current_folder_is_not_taken_for_a_library(tmp_path, command):
    for name in ("json", "rich", "click", "jinja2", "re", "typing", "numpy", "jsonschema"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    if command == ["backends"]:
        (tmp_path / "numpy.py").unlink()
    # Python itself imports these two before it comes to the suite.
    for name in ("re", "typing"):
        (tmp_path / f"{name}.py").unlink()
    done = program(*command, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_implementation_of_the_current_folder_is_found_beside_such_files(kernels):
    folder = kernels("mine", "from kldiv_xp import kl_div\n")
    for name in ("json", "rich", "click", "jinja2", "jsonschema"):
        kernels(name, "raise SystemExit('imported')\n")
    command = ["run", "-b", "numpy", "-i", "mine:kl_div", "-o", "run.jsonl"]
    done = program(*command, cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.few(1, 3)
@pytest.mark.parametrize("name", ["click", "rich", "jinja2", "jsonschema"])
def test_missing_extra_is_named_with_the_remedy(tmp_path, name):
    code = (
        f"import runpy, sys; sys.modules[{name!r}] = None; sys.argv = ['program', 'list']\n"
        "runpy.run_module('kldiv_conformance', run_name='__main__')"
    )
    done = python("-c", code, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"kldiv-conformance needs {name}, which is not installed: pip install {name}, "
        "or in a clone pip install '.[conformance]' for all that it needs.\n"
    )


def test_suite_is_imported_without_the_extra():
    code = (
        "import sys\n"
        "for name in ('click', 'rich', 'jinja2', 'jsonschema'): sys.modules[name] = None\n"
        "import kldiv_conformance"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr


def test_version_of_a_clone_that_is_not_installed_ends_in_a_sentence(monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(_command_line, "version", absent)
    done = CliRunner().invoke(_command_line.main, ["--version"])
    assert done.exit_code == 2
    assert done.output == (
        "Error: kldiv-xp is not installed, so that it has no version: in a clone pip install -e .\n"
    )


def test_version_is_that_of_the_package(monkeypatch):
    monkeypatch.setattr(_command_line, "version", {"kldiv-xp": "1.2.3"}.get)
    done = CliRunner().invoke(_command_line.main, ["--version"], prog_name="kldiv-conformance")
    assert (done.exit_code, done.output) == (0, "kldiv-conformance, version 1.2.3\n")


def test_report_into_a_folder_that_cannot_be_made_ends_in_a_sentence(tmp_path):
    run, file = tmp_path / "run.jsonl", tmp_path / "file"
    file.touch()
    chosen = ["run", "-b", "numpy", "--vector", "ordinary_001", "-o", str(run)]
    assert CliRunner().invoke(_command_line.main, chosen).exit_code == 0
    folder = str(file / "pages")
    done = CliRunner().invoke(_command_line.main, ["report", str(run), "-o", folder])
    assert done.exit_code == 2
    assert done.output.splitlines()[-1] == (
        f"Error: the folder {folder!r} cannot be made (Not a directory): name one with --output "
        "where you may write."
    )
