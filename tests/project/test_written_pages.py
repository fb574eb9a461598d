"""Pages that are written from stored results are what their scripts write today."""

import importlib
from pathlib import Path

import pytest

for package in ("click", "jinja2", "matplotlib", "rich"):
    pytest.importorskip(package, reason=f"{package} is not installed")

ROOT = Path(__file__).parents[2]
if not (ROOT / "benchmarks").exists():
    pytest.skip("benchmarks/ is not in this source tree", allow_module_level=True)


@pytest.fixture
def page(monkeypatch):
    """Function that imports a module of the scripts."""
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module


def test_page_about_time_and_memory_is_what_its_script_writes(page, tmp_path):
    results = ROOT / "docs" / "performance" / "results.json"
    files = page("benchmarks.results")
    options = tmp_path / "page.md", files.read_others(results)
    page("benchmarks.page").write_page(files.read(results), *options)
    written = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert written == (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")


def test_page_about_many_machines_is_what_its_script_writes(page, tmp_path):
    results = ROOT / "docs" / "distributed" / "results.json"
    page("benchmarks.distributed.page").write_page(results, tmp_path / "page.md")
    written = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert written == (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
