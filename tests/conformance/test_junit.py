from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from conformance_runs import lines_of, report_of, written

from kldiv_conformance.__main__ import main
from kldiv_conformance._junit import junit_xml
from kldiv_conformance._report import collect
from kldiv_conformance._vectors import vectors
from kldiv_xp import kl_div

SOME = [*(vector.id for vector in vectors("ordinary")[:4]), "half_070", "invalid_001"]


def wrong(input, target, *, reduction, log_target):
    return 2 * kl_div(input, target, reduction=reduction, log_target=log_target)


def parsed(reports):
    return ET.fromstring(junit_xml(reports))


def test_there_is_one_case_for_each_vector_and_backend():
    root = parsed([report_of("ours", {"numpy": kl_div, "array-api-strict": kl_div}, SOME)])
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(cases) == len(set(cases)) == 2 * len(SOME)
    assert [suite.get("name") for suite in root] == ["ours on numpy", "ours on array-api-strict"]
    assert cases[0] == ("ours on numpy.ordinary", SOME[0])


def test_failures_are_failures_and_what_is_not_supported_is_skipped():
    (suite,) = parsed([report_of("theirs", {"numpy": wrong}, SOME)])
    kinds = Counter(child.tag for case in suite.iter("testcase") for child in case)
    assert kinds == {"failure": 4, "skipped": 1}
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("6", "4", "1")
    skipped = suite.find(".//skipped")
    assert skipped.get("message") == "not supported: numpy has no bfloat16."
    failure = suite.find(".//failure")
    assert failure.get("message") == failure.text
    assert failure.text.startswith("value is wrong in ")


def test_known_failure_does_not_fail_a_build():
    lines = lines_of("theirs", {"numpy": wrong}, SOME[:1])
    lines[2] |= {"verdict": "deviation", "detail": "known"}
    (suite,) = parsed([collect(lines, "known")])
    assert suite.find(".//skipped").get("message") == "deviation: known"
    assert suite.get("failures") == "0"


def test_backend_that_did_not_run_is_a_suite_without_cases_that_says_why():
    lines = lines_of("ours", {"numpy": kl_div}, SOME[:1])
    del lines[2]
    lines[1]["skipped"] = "no wheel"
    lines[-1]["outcomes"] = 0
    (suite,) = parsed([collect(lines, "skipped")])
    assert suite.get("tests") == "0"
    assert suite.find(".//property").attrib == {"name": "did not run", "value": "no wheel"}


@pytest.mark.parametrize("character", ["\0", "\x1b", "\ud800", "\ufffe", "\r", "]]>", "<&\"'>"])
def test_xml_is_valid_whatever_an_implementation_says(character):
    lines = lines_of("ours", {"numpy": wrong}, SOME[:1])
    lines[0]["name"] = f"name{character}"
    lines[2]["detail"] = f"detail{character}\nnext"
    text = junit_xml([collect(lines, "hostile")])
    root = ET.fromstring(text.encode("utf-8"))
    shown = root.find(".//failure").text
    assert shown.startswith("detail")
    assert shown.endswith("\nnext")
    if character.isprintable():
        assert character in shown


def test_report_writes_xml_of_all_runs(tmp_path):
    runs = [
        written(tmp_path / f"{name}.jsonl", name, {"numpy": loss}, SOME)
        for name, loss in (("ours", kl_div), ("theirs", wrong))
    ]
    path = tmp_path / "report.xml"
    arguments = ["report", *runs, "-o", str(tmp_path / "report"), "--junit", str(path)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    suites = ET.parse(path).getroot()
    assert [suite.get("name") for suite in suites] == ["ours on numpy", "theirs on numpy"]


@pytest.mark.long
def test_run_writes_xml(tmp_path):
    path = tmp_path / "run.xml"
    done = CliRunner().invoke(main, ["run", "-b", "numpy", "--junit", str(path)])
    assert done.exit_code == 0, done.output
    (suite,) = ET.parse(path).getroot()
    assert suite.get("tests") == str(len(vectors()))
    assert suite.find(".//property").get("name").startswith("version of ")


def test_place_that_cannot_be_written_is_a_sentence_and_an_exit_code_of_2(tmp_path):
    run = written(tmp_path / "run.jsonl", "ours", {"numpy": kl_div}, SOME)
    done = CliRunner().invoke(main, ["report", run, "--junit", str(tmp_path)])
    assert done.exit_code == 2
    assert "is a folder: name a file in it." in " ".join(done.output.split())
