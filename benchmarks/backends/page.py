"""docs/backends.md: a row for each library, from the table of facts and what judged it."""

import json
from pathlib import Path
from typing import Any

from benchmarks.backends.libraries import LIBRARIES, Library
from benchmarks.markdown import write_by_template
from benchmarks.rounds import ROOT
from kldiv_xp.core.facts import FACTS, UNKNOWN, Facts

Line = dict[str, Any]
OF_DEVICES = ROOT / "docs" / "gpu" / "results.json"


def write_page(document: Line, path: Path) -> None:
    """Write the page of these results, and of those on a device."""
    on_devices = json.loads(OF_DEVICES.read_text(encoding="utf-8"))["conformance"]["verdicts"]
    write_by_template(
        "backends",
        path,
        {},
        rows=[row(library, document["backends"], on_devices) for library in LIBRARIES],
    )


def row(library: Library, judged: Line, on_devices: Line) -> Line:
    """Row of one library in the tables of the page."""
    facts = FACTS.get(library.facts, UNKNOWN)
    found = [judged[name] for name in library.backends if "verdicts" in judged.get(name, {})]
    verdicts = {name: one.get("verdicts") for name, one in judged.items()}
    return {
        "name": library.name,
        "version": next((next(iter(one["versions"].values())) for one in found), ""),
        "works": works(found) if found else works_there(library, on_devices),
        "tests": tests(found),
        "lazy": library.lazy,
        "memory": library.memory or "temporaries as large as the operands",
        "autodiff": library.autodiff or autodiff(facts),
        "device": vectors(library.on_a_device, on_devices),
        "vectors": vectors(library.backends, verdicts),
    }


def works(found: list[Line]) -> str:
    """Whether nothing failed where it was judged."""
    failures = sum(one["verdicts"].get("failure", 0) for one in found)
    failed = sum(len(one["tests"]["failed"]) for one in found)
    faults = [f"{failed} tests"] * bool(failed) + [f"{failures} vectors"] * bool(failures)
    return f"but for {' and '.join(faults)}" if faults else "yes"


def works_there(library: Library, on_devices: Line) -> str:
    """The same for a library that needs a device."""
    found = [on_devices[name] for name in library.on_a_device if name in on_devices]
    failures = sum(one.get("failure", 0) for one in found)
    if not found:
        return "not judged without its device"
    return f"on a GPU, but for {failures} vectors" if failures else "yes, on a GPU"


def tests(found: list[Line]) -> str:
    """How many tests passed, of those that were run."""
    passed = sum(one["tests"]["passed"] for one in found)
    failed = sum(len(one["tests"]["failed"]) for one in found)
    return f"{passed} of {passed + failed}" if found else "-"


def autodiff(facts: Facts) -> str:
    """Way to derivatives, in the words of the page."""
    return "in closed form" if facts.constant else "no"


def vectors(names: tuple[str, ...], judged: Line) -> str:
    """How many vectors passed, for each way of calling."""
    found = {name: judged[name] for name in names if judged.get(name)}
    return "; ".join(f"`{name}` {count(verdicts)}" for name, verdicts in found.items()) or "-"


def count(verdicts: dict[str, int]) -> str:
    """Passed vectors out of all, then the number of each other verdict."""
    rest = {"failure": "failed", "deviation": "known to deviate", "not supported": "not supported"}
    told = [f"{verdicts[name]} {words}" for name, words in rest.items() if verdicts.get(name)]
    return ", ".join([f"{verdicts.get('pass', 0)} of {sum(verdicts.values())}", *told])
