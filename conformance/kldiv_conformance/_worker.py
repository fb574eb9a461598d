"""The process of one backend: judges every vector and writes a JSON line for each."""

import importlib
import json
import os
import re
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from kldiv_conformance._adapter import Adapter
from kldiv_conformance._implementations import Implementation, load_implementation
from kldiv_conformance._judge import judge, raised
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._own_adapters import all_adapters
from kldiv_conformance._text import described
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import find


class Answers:
    """The file of answers, of which the implementation is told nothing."""

    def __init__(self, path: str) -> None:
        self.process, self.parent = os.getpid(), os.getppid()
        self.stream = Path(path).open("ab", buffering=0)  # noqa: SIM115 - open until the end

    def say(self, **line: object) -> None:
        """Write a JSON line at once; a copy that a fork has made, or an orphan, just ends."""
        if (os.getpid(), os.getppid()) != (self.process, self.parent):
            os._exit(1)
        self.stream.write(json.dumps(line).encode("ascii") + b"\n")


def main(answers: Answers, job: dict[str, Any]) -> None:
    """Write the outcomes of a backend, after its versions, and whether it is ready."""
    adapter = all_adapters(job["adapters"])[job["backend"]]
    found = versions(job["implementation"], job["name"], adapter.library)
    reason = reason_to_skip(adapter)
    answers.say(kind="backend", backend=adapter.name, versions=found, skipped=reason)
    if reason is not None:
        return
    sys.path.insert(0, str(Path.cwd()))
    try:
        implementation = load_implementation(job["implementation"])
    except ValueError as error:
        answers.say(kind="ready", problem=str(error))
        return
    answers.say(kind="ready", problem=None)
    for identifier in job["vectors"]:
        outcome = judged(find(identifier), adapter, implementation)
        answers.say(**outcome.to_json(), backend=adapter.name)


def reason_to_skip(adapter: Adapter) -> str | None:
    """Reason why a backend does not run here: an array library that cannot be imported is one."""
    try:
        reason = adapter.reason_to_skip()
        if reason is None:
            importlib.import_module(adapter.library)
    except BaseException as error:  # of the import of a library, SystemExit included
        return f"{adapter.library} cannot be imported: {described(error)}"
    return reason


def judged(vector: Vector, adapter: Adapter, implementation: Implementation) -> Outcome:
    """Outcome of a vector; here nobody but the implementation interrupts the judge."""
    try:
        return judge(vector, adapter, implementation)
    except KeyboardInterrupt as error:
        return raised(vector, error)


def versions(*modules: str) -> dict[str, str]:
    """Versions of the packages that modules belong to, as far as they are installed."""
    found: dict[str, str] = {}
    packages = packages_distributions()
    roots = (re.split(r"[.:]", module)[0] for module in modules)
    for name in dict.fromkeys(root.replace("_", "-") for root in roots):
        # The package of the module tensorflow may be called tensorflow_cpu.
        for package in dict.fromkeys([name, *packages.get(name, [])]):
            with suppress(PackageNotFoundError, ValueError):
                found.setdefault(name, version(package))
    return found


if __name__ == "__main__":
    # What an implementation prints must be there, even if it ends the process in its next line.
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    main(Answers(sys.argv.pop()), json.load(sys.stdin))
