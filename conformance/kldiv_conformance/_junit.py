"""Runs as JUnit XML, which systems for continuous integration read."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kldiv_conformance._outcome import Line
from kldiv_conformance._report import Report
from kldiv_conformance._text import printable

# A failure that is known does not fail a build.
SKIPPED = {"not supported", "deviation"}


def junit_xml(reports: Iterable[Report]) -> str:
    """A suite for each backend of each run, and a case for each of its vectors."""
    root = Element("testsuites")
    for report in reports:
        for line in report.backends:
            root.append(suite(report, line))
    indent(root)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def suite(report: Report, line: Line) -> Element:
    """Suite of one backend; without cases if it did not run."""
    name = f"{report.header['name']} on {line['backend']}"
    outcomes = report.of(line["backend"])
    verdicts = [outcome["verdict"] for outcome in outcomes]
    counts = {
        "tests": len(outcomes),
        "failures": verdicts.count("failure"),
        "errors": 0,
        "skipped": sum(verdict in SKIPPED for verdict in verdicts),
    }
    found = element("testsuite", name=name, timestamp=report.header["started"], **counts)
    properties = {f"version of {key}": value for key, value in line["versions"].items()}
    if line["skipped"] is not None:
        properties["did not run"] = line["skipped"]
    if properties:
        listed = SubElement(found, "properties")
        listed.extend(element("property", name=key, value=it) for key, it in properties.items())
    found.extend(case(name, outcome) for outcome in outcomes)
    return found


def case(name: str, outcome: Line) -> Element:
    """Case of one vector."""
    found = element("testcase", classname=f"{name}.{outcome['group']}", name=outcome["id"], time=0)
    if outcome["verdict"] == "failure":
        failure = element("failure", type="failure", message=outcome["detail"])
        failure.text = printable(outcome["detail"])
        found.append(failure)
    elif outcome["verdict"] in SKIPPED:
        reason = f"{outcome['verdict']}: {outcome['detail']}"
        found.append(element("skipped", message=reason))
    return found


def element(tag: str, /, **attributes: object) -> Element:
    """Element whose attributes hold nothing that XML cannot."""
    return Element(tag, {key: printable(str(value)) for key, value in attributes.items()})
