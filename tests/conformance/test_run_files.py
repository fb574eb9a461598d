"""Run files are data from elsewhere: each is read, or refused in a sentence."""

import copy
import json

import pytest
from click.testing import CliRunner
from conformance_run_files import changed, mutations, without, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kldiv_conformance.__main__ import main
from kldiv_conformance._agreement import agreements
from kldiv_conformance._console import show
from kldiv_conformance._pages import write_pages
from kldiv_conformance._report import read_report
from kldiv_conformance._run import run_all
from kldiv_conformance._summary import summary
from kldiv_conformance._vectors import vectors

FEW = [*vectors("ordinary")[:2], vectors("gradients")[0], vectors("invalid_arguments")[0]]
WHOLE = len(vectors())


@pytest.fixture(scope="module")
def lines():
    backends = ["numpy", "array-api-strict", "cupy"]
    return list(run_all(backends, "kldiv_xp:kl_div", chosen=FEW))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.jsonl"


@pytest.mark.slow
def test_whole_run_is_read(lines, path):
    report = read_report(written(path, lines))
    assert len(report.outcomes) == 2 * len(FEW)
    assert {line["verdict"] for line in report.outcomes} == {"pass"}


@pytest.mark.slow
def test_members_that_another_version_adds_do_no_harm(lines, path):
    assert read_report(written(path, changed(lines, 2, seconds=0.5)))


# Lines: 0 the header, 1 numpy, 2 to 5 its outcomes, 6 its end, ..., -1 the footer.
TAMPERED = {
    "no line": (lambda _: [], "does not begin with a header: pass a file that `run` wrote."),
    "a header alone": (lambda lines: lines[:1], "stops after 0 outcomes, before its end"),
    "no footer": (lambda lines: lines[:-1], "stops after 8 outcomes, before its end: run again."),
    "no outcomes": (
        lambda lines: [line for line in lines if line["kind"] != "outcome"],
        "has 0 outcomes of 'numpy', and should have 4: run again.",
    ),
    "a header that counts more": (
        lambda lines: changed(lines, 0, vectors=WHOLE),
        f"has {WHOLE} vectors, and its part names 4: run again.",
    ),
    "a part of a larger suite": (
        lambda lines: changed(lines, 0, part={**lines[0]["part"], "of": WHOLE + 1}),
        f"has a part of {WHOLE + 1} vectors, and this version has {WHOLE}: run again.",
    ),
    "a header without its part": (
        lambda lines: changed(lines, 0, part=None),
        f"has 4 of {WHOLE} vectors, and does not say which: run again.",
    ),
    "a header of the whole suite": (
        lambda lines: changed(lines, 0, vectors=WHOLE, part=None),
        f"has 4 outcomes of 'numpy', and should have {WHOLE}: run again.",
    ),
    "a footer that counts more": (
        lambda lines: changed(lines, -1, outcomes=9),
        "has 8 outcomes, and its footer counts 9: run again.",
    ),
    "an outcome that is missing": (
        lambda lines: lines[:3] + lines[4:],
        "has 3 outcomes of 'numpy', and should have 4: run again.",
    ),
    "an outcome that stands twice": (
        lambda lines: [*lines[:3], lines[2], *lines[4:]],
        "judges 'ordinary_001' twice on 'numpy': run again.",
    ),
    "two headers": (
        lambda lines: [lines[0], *lines],
        "has a line of the kind 'header' where none belongs: run again.",
    ),
    "two runs": (
        lambda lines: lines + lines,
        "has a line of the kind 'footer' where none belongs: run again.",
    ),
    "a backend that stands twice": (
        lambda lines: [*lines[:7], *lines[1:]],
        "has a line of the kind 'backend' where none belongs: run again.",
    ),
    "a backend that is missing": (
        lambda lines: [lines[0], *lines[7:]],
        "does not come to the end of ['numpy']: run again.",
    ),
    "a backend without its end": (
        lambda lines: [*lines[:6], lines[-1]],
        "does not come to the end of ['array-api-strict', 'cupy']: run again.",
    ),
    "an outcome of another backend": (
        lambda lines: changed(lines, 3, backend="torch"),
        "has a line of the kind 'outcome' where none belongs: run again.",
    ),
    "an unknown vector": (
        lambda lines: changed(lines, 2, id="ordinary_999"),
        "judges 'ordinary_999' of 'ordinary', which this version has not: run again.",
    ),
    "another group": (
        lambda lines: changed(lines, 2, group="logits"),
        "judges 'ordinary_001' of 'logits', which this version has not: run again.",
    ),
    "an unknown verdict": (
        lambda lines: changed(lines, 2, verdict="passed"),
        "is no outcome, verdict: 'passed' is not one of ",
    ),
    "a pass without numbers": (
        lambda lines: changed(lines, 2, values={}),
        "says 'pass' of 'ordinary_001' with values that do not fit: run again.",
    ),
    "a pass with wrong numbers": (
        lambda lines: changed(lines, 3, values={"value": ["0x1.0p+9"]}),
        "says 'pass' of 'ordinary_002' with values that do not fit: run again.",
    ),
    "numbers that are none": (
        lambda lines: changed(lines, 2, verdict="failure", values={"value": ["one"]}),
        "says 'failure' of 'ordinary_001' with values that do not fit: run again.",
    ),
    "numbers of another result": (
        lambda lines: changed(lines, 2, verdict="failure", values={"d_input": []}),
        "says 'failure' of 'ordinary_001' with values that do not fit: run again.",
    ),
    "an ulp of text": (lambda lines: changed(lines, 2, ulp="1"), "is no outcome, ulp: '1' is not "),
    "a negative ulp": (lambda lines: changed(lines, 2, ulp=-1), "is no outcome, ulp: -1 is less "),
    "an ulp that is true": (lambda lines: changed(lines, 2, ulp=True), "is no outcome, ulp: True "),
    "a list for versions": (
        lambda lines: changed(lines, 1, versions=[]),
        "is no backend, versions: [] is not of type 'object'; run again.",
    ),
    "a missing name": (
        lambda lines: without(lines, 0, "name"),
        "is no header: 'name' is a required property; run again.",
    ),
    "a missing detail": (
        lambda lines: without(lines, 2, "detail"),
        "is no outcome: 'detail' is a required property; run again.",
    ),
    "a line of no kind": (
        lambda lines: without(lines, 2, "kind"),
        "must have one of the kinds 'header', 'backend', 'outcome', 'end', 'footer'; got None.",
    ),
    "a kind that cannot be looked up": (
        lambda lines: changed(lines, 2, kind=["outcome"]),
        "'footer'; got ['outcome'].",
    ),
    "another format": (
        lambda lines: changed(lines, 0, format=2),
        "has format 2; this reads 1: run again, or read it with the version that wrote it.",
    ),
    "no format": (lambda lines: without(lines, 0, "format"), "has format None; this reads 1: "),
}


@pytest.mark.parametrize(("tamper", "said"), TAMPERED.values(), ids=TAMPERED)
def test_tampered_run_is_refused_in_a_sentence(lines, path, tamper, said):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        read_report(written(path, tamper(copy.deepcopy(lines))))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


NO_JSON_LINES = {
    "a list": ("[]", "line 2 of ", " must be a JSON object; got list: run again."),
    "a number": ("7", "line 2 of ", " must be a JSON object; got int: run again."),
    "half an object": ('{"kind": ', "line 2 of ", " is not JSON: "),
    "deep nesting": ("[" * 200_000, "line 2 of ", " is not JSON: "),
    "a very long number": ("7" * 10_000, "line 2 of ", " is not JSON: "),
    "NaN": ('{"kind": "outcome", "ulp": NaN}', "line 2 of ", "NaN is no number; run again."),
    "Infinity": ('{"ulp": -Infinity}', "line 2 of ", "-Infinity is no number; run again."),
    "a name that stands twice": (
        '{"verdict": "failure", "verdict": "pass"}',
        "line 2 of ",
        "a name stands twice in one object; run again.",
    ),
}


@pytest.mark.parametrize(("text", "start", "end"), NO_JSON_LINES.values(), ids=NO_JSON_LINES)
def test_line_that_is_no_object_is_named_by_its_number(lines, path, text, start, end):
    path.write_text("\n".join([json.dumps(lines[0]), text, json.dumps(lines[-1])]))
    with pytest.raises(ValueError, match=f"^{start}") as caught:
        read_report(path)
    assert end in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x00" * 9, b"", b"\n\n", b"\xef\xbb\xbf{}"])
def test_file_of_other_bytes_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^[^\n]*$"):
        read_report(path)


@pytest.mark.parametrize("command", ["report", "compare"])
def test_commands_refuse_a_tampered_run_with_a_sentence_and_exit_with_2(lines, path, command):
    written(path, changed(lines, 0, vectors=WHOLE, part=None))
    done = CliRunner().invoke(main, [command, str(path)])
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert f"and should have {WHOLE}: run again." in " ".join(done.output.split())


def read_in_every_way(lines, folder):
    """Use of a run file in each command, if it is read at all."""
    try:
        report = read_report(written(folder / "run.jsonl", lines))
    except ValueError:
        return
    show(report)
    agreements([report, report])
    write_pages(summary([report]), folder)


@pytest.mark.long
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_changed_run_is_read_or_refused(lines, tmp_path, data):
    read_in_every_way(data.draw(mutations(lines)), tmp_path)


@pytest.mark.long
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_changed_bytes_are_read_or_refused(lines, path, data):
    content = bytearray(written(path, lines).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 40)))
        content[start:end] = data.draw(st.binary(max_size=8))
    path.write_bytes(content)
    try:
        report = read_report(path)
    except ValueError:
        pass
    else:
        write_pages(summary([report]), path.parent)


def test_pass_is_never_made_of_another_verdict(lines, path):
    """Whatever the change: a vector that failed is not read as one that passed."""
    failing = changed(lines, 3, verdict="failure", detail="wrong", values={"value": ["0x1p+9"]})
    report = read_report(written(path, failing))
    assert report.failed
    with pytest.raises(ValueError, match="says 'pass' of 'ordinary_002'"):
        read_report(written(path, changed(failing, 3, verdict="pass")))
