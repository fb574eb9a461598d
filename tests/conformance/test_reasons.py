"""The screen says why vectors are not supported."""

import re

import pytest
from conformance_commands import invoke

from kldiv_conformance import ADAPTERS, _own_adapters
from kldiv_conformance._reasons import reasons
from kldiv_conformance._vectors import vectors

NO_GRADIENT = "numpy does not differentiate, and no gradient was given."
GRADIENTS = [vector.id for vector in vectors("gradients")]
VALUES = [vector.id for vector in vectors("ordinary")]

PLAIN = """
from kldiv_xp import kl_div as ours

def kl_div(input, target, *, reduction, log_target):
    return ours(input, target, reduction=reduction, log_target=log_target)
"""
WITH_GRADIENT = f"""{PLAIN}
import kldiv_xp

def kl_div_gradient(input, target, **options):
    return kldiv_xp.kl_div_gradient(input, target, **options)
"""


def line(identifier, detail):
    verdict = "not supported" if detail else "pass"
    return {"id": identifier, "verdict": verdict, "detail": detail}


def test_what_passes_has_no_reason():
    assert list(reasons([line(one, "") for one in VALUES])) == []


def test_reasons_come_with_their_counts_the_most_frequent_first():
    details = [f"reason {n}." for n in range(1, 7) for _ in range(n)]
    lines = [line(one, detail) for one, detail in zip(VALUES, details, strict=False)]
    assert list(reasons([*lines, line(VALUES[-1], "")])) == [
        "21 of 22 vectors are not supported:",
        "  6 vectors: reason 6.",
        "  5 vectors: reason 5.",
        "  4 vectors: reason 4.",
        "  3 vectors: reason 3.",
        "  3 vectors: 2 other reasons; --output FILE writes them.",
    ]


def test_gradients_that_nobody_gave_are_counted_however_few_they_are():
    lines = [line(VALUES[0], "a reason."), line(VALUES[1], ""), line(GRADIENTS[0], NO_GRADIENT)]
    sentences = [it.strip() for it in reasons(lines)]
    assert sentences[1] == f"1 vector: {NO_GRADIENT[:-1]}; no gradient was judged."
    sentences = [it.strip() for it in reasons([*lines, line(GRADIENTS[1], "")])]
    assert sentences[1] == f"1 vector: {NO_GRADIENT}"


@pytest.mark.slow
@pytest.mark.parametrize("text", [PLAIN, WITH_GRADIENT])
def test_screen_of_a_run_says_that_no_gradient_was_judged(kernels, text):
    kernels("mine", text)
    part = ("--flag", "Upstream", "--group", "gradients", "--group", "ordinary")
    code, shown = invoke("run", "-b", "numpy", "-i", "mine:kl_div", *part)
    assert code == (2 if text == PLAIN else 0)
    assert ("no gradient was judged." in shown) is (text == PLAIN)


@pytest.mark.slow
def test_screen_says_which_argument_an_implementation_lacks(kernels):
    kernels("mine", PLAIN)
    part = ("--group", "samples_and_masks", "--vector", "samples_*", "--vector", "ordinary_*")
    shown = invoke("run", "-b", "numpy", "-i", "mine:kl_div", *part)[1]
    assert ": the implementation has no argument 'axis'." in shown


@pytest.mark.few(0, 1)
@pytest.mark.parametrize(
    "backends", [["-b", "numpy"], ["-b", "numpy", "--allow-missing"], []], ids=" ".join
)
def test_checks_alone_are_no_success_where_numbers_were_asked_for(kernels, monkeypatch, backends):
    monkeypatch.setattr(_own_adapters, "ADAPTERS", {"numpy": ADAPTERS["numpy"]})
    text = (
        "def loss(input, target, **options):\n"
        "    if not hasattr(input, 'dtype') or input.dtype.kind != 'f':\n"
        "        raise TypeError('floating-point arrays')\n"
        "    raise NotImplementedError('no number')\n"
    )
    kernels("only_checks", text)
    asked = ("run", *backends, "-i", "only_checks:loss")
    code, output = invoke(*asked)
    assert code == 2
    where = " on numpy" if backends else ""
    assert f"No number was judged{where}: all vectors but those of argument checks" in output
    assert "choose --group invalid_arguments." in output
    assert "No number was judged" not in invoke(*asked, "-g", "invalid_arguments")[1]


BESIDE = f"""{PLAIN}
from kldiv_xp import js_div, kl_div_with_logits as of_ours

def kl_div_with_logits(input, target, **options):
    return 2 * of_ours(input, target, **options)
"""


@pytest.mark.slow
def test_each_function_is_counted_and_those_of_the_reference_are_no_part_of_a_module(kernels):
    kernels("mine", BESIDE)
    groups = ("--group", "ordinary", "--group", "logits", "--group", "tables")
    shown = " ".join(invoke("run", "-b", "numpy", "-i", "mine:kl_div", *groups)[1].split())
    counts = re.search(r"numpy: of each function: (.*?)\. ", shown)[1]
    assert re.fullmatch(
        r"the loss \d+ pass; kl_div_with_logits (\d+ pass, )?\d+ failure(, \d+ pass)?", counts
    )
    assert re.search(r"\d+ vectors: functions that were not given: .*\bjs_div\.", shown)


@pytest.mark.slow
def test_a_function_that_is_named_itself_is_judged_alone(kernels):
    kernels("mine", BESIDE)
    code, shown = invoke("run", "-b", "numpy", "-i", "mine:kl_div_with_logits", "-g", "logits")
    shown = " ".join(shown.split())
    assert code == 1
    assert "kl_div_with_logits" in shown
    code, shown = invoke("run", "-b", "numpy", "-i", "kldiv_xp:js_div", "-g", "ordinary")
    assert code == 2
    assert re.search(r" \d+ vectors: functions that were not given: the loss\.", shown)
    code, shown = invoke("run", "-b", "numpy", "-i", "kldiv_xp:js_div", "-g", "tables")
    assert code == 0


def test_a_gradient_that_is_named_is_told_its_loss():
    code, shown = invoke("run", "-b", "numpy", "-i", "kldiv_xp:js_div_gradient", "-g", "tables")
    assert code == 2
    assert "it is a gradient in closed form: name its loss, js_div, which has it." in " ".join(
        shown.replace("│", " ").split()
    )


MEAN_ALONE = """
from kldiv_xp import kl_div_with_logits as ours

def kl_div_with_logits(input, target, *, reduction="batchmean", temperature=1.0):
    if reduction != "mean":
        raise NotImplementedError("mean alone.")
    return ours(input, target, reduction=reduction, temperature=temperature)
"""


@pytest.mark.long
def test_screen_tells_reasons_of_the_function_that_is_named_before_other_functions(kernels):
    kernels("mine", MEAN_ALONE)
    shown = invoke("run", "-b", "numpy", "-i", "mine:kl_div_with_logits")[1]
    assert re.search(
        r" \d+ vectors: mean alone\..* functions that were not given: the loss, ", shown
    )
    assert re.search(r" only \d+ vectors of \d+ judged, which proves little\.", shown)


@pytest.mark.slow
def test_a_part_that_is_judged_whole_is_not_said_to_prove_little(kernels):
    kernels("mine", PLAIN)
    shown = invoke("run", "-b", "numpy", "-i", "mine:kl_div", "--vector", "ordinary_001")[1]
    assert "proves little" not in shown
