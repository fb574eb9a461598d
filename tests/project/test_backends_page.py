"""The page of backends is what its script writes of the table of facts and of what was judged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

for package in ("click", "jinja2"):
    pytest.importorskip(package, reason=f"{package} is not installed")

ROOT = Path(__file__).parents[2]
if not (ROOT / "benchmarks" / "backends").exists():
    pytest.skip("benchmarks/ is not in this source tree", allow_module_level=True)

from kldiv_conformance._adapters import ADAPTERS  # noqa: E402 - after the skip
from kldiv_xp.core.facts import FACTS  # noqa: E402 - after the skip

RESULTS = json.loads((ROOT / "docs" / "backends" / "results.json").read_text(encoding="utf-8"))


@pytest.fixture
def backends(monkeypatch):
    """The modules of the script."""
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.backends.libraries
    import benchmarks.backends.page

    return benchmarks.backends


def test_page_in_docs_is_what_the_script_writes(backends, tmp_path):
    backends.page.write_page(RESULTS, tmp_path / "page.md")
    written = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert written == (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")


def test_every_library_and_every_backend_of_the_suite_has_a_row(backends):
    rows = backends.libraries.LIBRARIES
    assert {row.facts for row in rows} >= {
        name for name, facts in FACTS.items() if not facts.refused_because
    }
    shown = {name for row in rows for name in (*row.backends, *row.on_a_device)}
    assert shown == set(ADAPTERS)


def test_memory_is_bounded_where_the_facts_name_a_way_of_its_own(backends):
    for row in backends.libraries.LIBRARIES:
        assert bool(row.memory) == bool(row.facts in FACTS and FACTS[row.facts].backend), row.name


@pytest.mark.dry_run
def test_script_judges_a_backend_and_keeps_the_others(tmp_path):
    (tmp_path / "backends").mkdir()
    kept = {"backends": {"torch": RESULTS["backends"]["torch"]}}
    path = tmp_path / "backends" / "results.json"
    path.write_text(json.dumps(kept), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.backends", "run", "-b", "numpy"]
    subprocess.run([*command, "-o", str(tmp_path)], cwd=ROOT, env=dict(os.environ), check=True)
    found = json.loads(path.read_text(encoding="utf-8"))["backends"]
    assert found["torch"] == kept["backends"]["torch"]
    assert found["numpy"]["verdicts"].get("failure", 0) == 0
    assert found["numpy"]["tests"]["passed"] > 100
    assert "| NumPy |" in (tmp_path / "backends.md").read_text(encoding="utf-8")
