"""python -m kldiv_conformance: what it imports, from where, and what it needs."""

import pytest
from conformance_commands import program, python


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
