"""Links between the pages lead somewhere in a clone, where no site is built."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if not (ROOT / "docs").is_dir():
    pytest.skip("the pages stay in the source tree", allow_module_level=True)

FOLDERS = ("docs", "conformance", "examples", "benchmarks", "fuzz", "proofs", "mutation")
# Pages of the site, which its building writes.
BUILT = {ROOT / "docs" / "api", ROOT / "docs" / "programs"}
PATHS = [
    path
    for paths in (ROOT.glob("*.md"), *((ROOT / one).rglob("*.md") for one in FOLDERS))
    for path in sorted(paths)
    if not BUILT & set(path.parents)
]
PAGES = [str(path.relative_to(ROOT)) for path in PATHS]


def anchors(path):
    """Anchors of the headings of a page."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    words = [re.sub(r"\[(.*?)\]\(.*?\)", r"\1", one).lower() for one in headings]
    return {re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in words}


def wrong_links(path):
    """Links of a page that lead to no file or to no heading."""
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        found = path.parent / name if name else path
        if "://" in link:
            continue
        has_headings = anchor and found.suffix == ".md"
        if not found.exists() or (has_headings and anchor not in anchors(found)):
            yield link


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page):
    assert list(wrong_links(ROOT / page)) == []


def test_links_to_nothing_are_found(tmp_path):
    (tmp_path / "other.md").write_text("# A heading\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](absent.md) [b](other.md#a-heading) [c](other.md#none) [d](#here)\n# Here\n"
    )
    assert list(wrong_links(page)) == ["absent.md", "other.md#none"]


def test_links_to_the_code_of_public_names_lead_to_their_pages_on_the_site():
    """The files that are linked as such define the names whose pages the site shows instead."""
    text = (ROOT / "docs" / "extensions" / "repository_links.py").read_text(encoding="utf-8")
    pages = dict(re.findall(r'"(src/[\w/.]+)": "([\w.]+)"', text))
    linked = {
        f"src/{one}"
        for path in (ROOT / "docs").glob("*.md")
        for one in re.findall(r"\]\(\.\./src/([\w/.]+)\)", path.read_text(encoding="utf-8"))
    }
    assert linked == set(pages)
    for path, page in pages.items():
        code = (ROOT / path).read_text(encoding="utf-8")
        name = page.rpartition(".")[2]
        assert page == "index" or re.search(rf"^(def {name}\(|{name}\b.* = )", code, re.MULTILINE)
