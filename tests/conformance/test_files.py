"""Files that cannot be written are refused before the run, and none is left in half."""

import os
from pathlib import Path

import pytest
from conformance_commands import invoke

from kldiv_conformance import _command_run, _files
from kldiv_conformance._files import write_whole

pytestmark = pytest.mark.usefixtures("only_a_few_vectors")


def test_output_that_cannot_be_written_is_refused_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(_command_run, "run_all", None)
    missing = tmp_path / "missing" / "dir" / "x"
    status, output = invoke("run", "-o", missing)
    assert status == 2
    assert f"{str(missing)!r} cannot be written: make the folder " in output
    assert invoke("run", "-o", tmp_path)[0] == 2
    file = tmp_path / "file"
    file.touch()
    assert invoke("run", "-o", file / "x")[0] == 2
    assert invoke("run", "-b", "abacus")[0] == 2
    assert invoke("run", "--timeout", "0")[0] == 2


@pytest.mark.parametrize("option", ["--output", "--junit"])
@pytest.mark.parametrize("kind", ["a link to itself", "a link into no folder", "a long name"])
def test_name_that_no_file_can_have_is_refused_before_the_run(tmp_path, monkeypatch, option, kind):
    monkeypatch.setattr(_command_run, "run_all", None)
    path = tmp_path / {"a long name": "n" * 300}.get(kind, "link")
    if kind != "a long name":
        path.symlink_to(path if kind == "a link to itself" else tmp_path / "missing" / "x")
    status, output = invoke("run", option, path)
    assert status == 2
    assert f"{str(path)!r} cannot be written: " in output
    assert {entry.name for entry in tmp_path.iterdir()} <= {"link"}


def test_one_file_for_two_outputs_is_2(tmp_path, monkeypatch):
    monkeypatch.setattr(_command_run, "run_all", None)
    (tmp_path / "link").symlink_to(tmp_path / "x")
    status, output = invoke("run", "-o", tmp_path / "x", "--junit", tmp_path / "link")
    assert status == 2
    assert f"{str(tmp_path / 'link')!r} is named twice: name another file." in output


@pytest.mark.slow
def test_report_does_not_write_over_a_run(tmp_path):
    path = tmp_path / "run.jsonl"
    assert invoke("run", "-b", "numpy", "-o", path)[0] == 0
    before = path.read_text()
    status, output = invoke("report", path, "-o", tmp_path / "pages", "--junit", path)
    assert status == 2
    assert f"{str(path)!r} is named twice: name another file." in output
    assert path.read_text() == before


@pytest.mark.slow
def test_folder_of_pages_that_cannot_be_made_is_2(tmp_path):
    path = tmp_path / "run.jsonl"
    assert invoke("run", "-b", "numpy", "-o", path)[0] == 0
    status, output = invoke("report", path, "-o", path / "pages")
    assert status == 2
    assert "Traceback" not in output
    assert invoke("report", tmp_path / "no.jsonl")[0] == 2


@pytest.mark.slow
def test_crash_of_the_writer_leaves_no_half_file(tmp_path, monkeypatch):
    path = tmp_path / "run.jsonl"
    path.write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.Path, "replace", full)
    status, output = invoke("run", "-b", "numpy", "-o", path)
    assert status == 2
    assert output.endswith("Error: No space left on device.")
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.jsonl"]


def test_device_and_link_are_written_through(tmp_path):
    write_whole(Path(os.devnull), "text")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"
