"""Compiled kernels on disk: found again, told apart, and never in the way."""

from pathlib import Path

import pytest

from kldiv_xp.cuda.code_cache import CACHE_FOLDER_VARIABLE, cached, default_folder, path_of


class Compiler:
    """A compiler that counts."""

    def __init__(self, code=b"code"):
        self.code, self.count = code, 0

    def __call__(self):
        self.count += 1
        return self.code


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A folder for compiled kernels."""
    monkeypatch.setenv(CACHE_FOLDER_VARIABLE, str(tmp_path / "kernels"))
    return tmp_path / "kernels"


def test_what_was_compiled_once_is_read(folder):
    compiler = Compiler()
    assert [cached(compiler, "text", "sm_90") for _ in range(3)] == [b"code"] * 3
    assert compiler.count == 1
    assert [path.suffix for path in folder.iterdir()] == [".cubin"]


@pytest.mark.usefixtures("folder")
def test_texts_compilers_and_options_are_told_apart():
    keys = [("a", "b"), ("ab", ""), ("a", "c"), ("a", "b", "c")]
    for number, key in enumerate(keys):
        assert cached(Compiler(bytes([number + 1])), *key) == bytes([number + 1])
    assert len({path_of(*key) for key in keys}) == len(keys)


def test_file_without_code_is_written_anew(folder):
    folder.mkdir()
    path_of("text").touch()
    assert cached(Compiler(), "text") == b"code"
    assert path_of("text").read_bytes() == b"code"


def test_folder_that_cannot_be_written_keeps_nobody_from_a_kernel(folder):
    folder.write_text("a file")
    compiler = Compiler()
    assert [cached(compiler, "text") for _ in range(2)] == [b"code"] * 2
    assert compiler.count == 2


def test_empty_variable_keeps_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_FOLDER_VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    compiler = Compiler()
    assert [cached(compiler, "text") for _ in range(2)] == [b"code"] * 2
    assert compiler.count == 2
    assert not list(tmp_path.iterdir())


def test_folder_is_that_of_caches_unless_there_is_no_home(monkeypatch):
    monkeypatch.delenv(CACHE_FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_folder() == str(Path("/caches/kldiv_xp"))
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/user"))
    assert default_folder() == str(Path("/home/user/.cache/kldiv_xp"))

    def nowhere():
        raise RuntimeError

    monkeypatch.setattr(Path, "home", nowhere)
    assert default_folder() == ""
    assert path_of("text") is None
