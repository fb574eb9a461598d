"""python -m kldiv_xp: what it imports, what it needs, and what an import leaves alone."""

import importlib
import subprocess
import sys

import pytest

pytest.importorskip("rich", reason="rich is not installed")
pytest.importorskip("click", reason="click is not installed")


def test_module_can_be_run(files):
    command = [sys.executable, "-m", "kldiv_xp", "diagnose", files / "q.npy", files / "p.npy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Found 1 mistake" in done.stdout


def test_file_of_the_current_folder_is_not_taken_for_a_library(files):
    names = ("array_api_compat", "click", "copy", "inspect", "json", "numbers", "numpy", "rich")
    for name in names:
        (files / f"{name}.py").write_text("raise SystemExit('imported')\n")
    command = [sys.executable, "-m", "kldiv_xp", "diagnose", "log_q.npy", "p.npy"]
    done = subprocess.run(command, cwd=files, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_module_that_is_imported_leaves_the_path_alone(tmp_path):
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__init__.py").write_text("import kldiv_xp\n")
    (tmp_path / "program" / "train.py").write_text("import sys; print(sys.path[0])\n")
    command = [sys.executable, "-m", "program.train", "kldiv_xp"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(tmp_path)


def test_module_that_is_imported_does_nothing():
    assert importlib.import_module("kldiv_xp.__main__").NEEDED == ("click", "numpy", "rich")


def test_missing_package_is_told_in_a_sentence(tmp_path):
    program = (
        "import importlib.util, runpy\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'click' else find(name)\n"
        "runpy.run_module('kldiv_xp', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "The command line needs click, which is not installed: pip install click, or in a clone "
        "pip install '.[cli]' for all that it may need."
    )
