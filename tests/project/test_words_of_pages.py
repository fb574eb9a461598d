"""Pages that a newcomer reads first say the field's words, not those of this package's insides."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if not (ROOT / "docs").is_dir():
    pytest.skip("the pages stay in the source tree", allow_module_level=True)

FIRST = ["quickstart", "which_call", "masks", "diagnose", "training", "distillation"]
PAGES = ["README.md", *(f"docs/{name}.md" for name in FIRST)]
INSIDE = re.compile(
    r"\b(bridges?|unguarded|guard levels?|have no part|has no part|has a part in|nothing but|"
    r"close (?:->|→) far|cotangents?)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("page", PAGES)
def test_a_first_page_has_no_word_of_the_insides(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert INSIDE.findall(text) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_first_page_tells_the_option_upstream_by_the_word_of_the_field(page):
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        assert "upstream" not in line or "incoming gradient" in line
