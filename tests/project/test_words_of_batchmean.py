"""Pages and docstrings say what 'batchmean' divides by where `axis` names the first axis."""

import re

import pytest
from project.test_links import PATHS

import kldiv_xp

FUNCTIONS = [one for one in kldiv_xp.__all__ if callable(getattr(kldiv_xp, one))]


def told(text):
    """Text after each mention of the divisor of 'batchmean'."""
    return re.findall(r"by\s+the\s+size\s+of\s+(?:the|their)\s+first\s+axis(.{0,30})", text, re.S)


def test_pages_say_that_the_first_axis_is_the_first_that_is_left():
    found = [(page, one) for page in PATHS for one in told(page.read_text(encoding="utf-8"))]
    assert {page.name for page, _ in found} == {"README.md", "masks.md", "which_call.md"}
    for _, words in found:
        assert re.match(r"\s+that\s+`axis`\s+leaves", words)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstrings_say_so_too(name):
    for words in told(getattr(kldiv_xp, name).__doc__ or ""):
        assert re.match(r"\s+that\s+`axis`\s+leaves", words)
