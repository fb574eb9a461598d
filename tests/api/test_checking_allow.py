"""Findings that a block allows pass, by codes that are listed."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from api.checked_tables import LOG_BOTH, P, Q

from kldiv_xp import (
    CODES,
    KLDivInputError,
    KLDivLoss,
    checking,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)

BOTH = np.asarray([[0.5, 0.25], [np.nan, 1.0]])


def codes(**options):
    """Codes of what is raised of two mistakes: a sum and NaN."""
    try:
        kl_div(LOG_BOTH, BOTH, reduction="sum", **options)
    except KLDivInputError as error:
        return [one.code for one in error.report.findings]
    return []


@pytest.mark.parametrize(
    ("allow", "raised"),
    [
        ((), ["nan-target", "not-normalised"]),
        (["not-normalised"], ["nan-target"]),
        ({"nan-target"}, ["not-normalised"]),
        (("nan-target", "not-normalised"), []),
        (iter(["underflow"]), ["nan-target", "not-normalised"]),
        (CODES, []),
    ],
)
def test_findings_that_are_allowed_pass(allow, raised):
    with checking(allow=allow):
        assert codes() == raised
        assert codes(check=True) == raised
    assert codes(check=True) == ["nan-target", "not-normalised"]
    assert codes() == []


def test_findings_that_are_allowed_pass_in_every_loss():
    with checking(allow=["probabilities-as-input"]):
        kl_div_with_logits(Q, np.log(P))
        js_div_with_logits(Q, np.log(P))
        kl_div_gradient(Q, P, reduction="sum")
        KLDivLoss(reduction="sum")(Q, P)


def test_of_nested_blocks_the_innermost_decides():
    with checking(allow=["not-normalised"]):
        assert codes() == ["nan-target"]
        with checking(allow=["nan-target"]):
            assert codes() == ["not-normalised"]
            with checking():
                assert codes() == ["nan-target", "not-normalised"]
            assert codes() == ["not-normalised"]
        assert codes() == ["nan-target"]


@pytest.mark.parametrize("code", ["negative target", "NEGATIVE-TARGET", "", 3, None])
def test_what_is_no_code_is_refused_at_once(code):
    with pytest.raises(ValueError, match="`allow` must hold codes") as caught:
        checking(allow=["underflow", code])
    assert str(caught.value) == (
        f"`allow` must hold codes of findings, {', '.join(CODES)}; got {code!r}."
    )


@pytest.mark.parametrize(
    ("allow", "remedy"),
    [
        ("underflow", "pass ['underflow']"),
        (None, "leave it out to allow none"),
        (3, "leave it out to allow none"),
    ],
)
def test_codes_come_in_a_list(allow, remedy):
    with pytest.raises(TypeError) as caught:
        checking(allow=allow)
    assert str(caught.value) == f"`allow` must be a list of codes; got {allow!r}: {remedy}."


def test_block_can_be_a_decorator():
    decorated = checking(allow=["nan-target"])(codes)
    assert decorated() == decorated() == ["not-normalised"]
    assert codes() == []


def test_codes_are_one_word_each_and_have_a_meaning():
    for code, meaning in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert meaning.endswith(".")
    with pytest.raises(TypeError):
        CODES["new"] = "Codes cannot be changed."


def test_every_code_of_the_rules_is_listed():
    folder = Path(importlib.util.find_spec("kldiv_xp").origin).parent
    text = "".join(
        path.read_text() for path in (folder / "diagnosis").glob("*.py") if path.stem != "report"
    )
    written = set(re.findall(r'(?:finding|Finding)\(\s*f?"([^"]+)"', text))
    written |= {code.replace("{kind}", one) for code in written for one in ("nan", "infinite")}
    written |= {code.replace("{operand}", one) for code in written for one in ("input", "target")}
    written = {code for code in written if "{" not in code}
    written |= {"log-probabilities-as-target", "probabilities-as-log-target"}  # of one rule
    assert written == set(CODES)
