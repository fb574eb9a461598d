"""The process of one backend: judges every vector and prints a JSON line for each."""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._deviations import Deviation, load_deviations, settle
from kldiv_conformance._implementations import OURS, load_implementation
from kldiv_conformance._judge import judge
from kldiv_conformance._vectors import vectors


def main(backend: str, specification: str, name: str, folder: str) -> None:
    """Print the outcomes of a backend, between its versions and an end."""
    adapter = ADAPTERS[backend]
    reason = adapter.reason_to_skip()
    found = versions(specification, name, adapter.library)
    say(kind="backend", backend=backend, versions=found, skipped=reason)
    if reason is None:
        implementation = load_implementation(specification)
        deviations = known_deviations(backend, specification, folder)
        for vector in vectors():
            outcome = settle(judge(vector, adapter, implementation), deviations)
            say(**outcome.to_json(), backend=backend)
    say(kind="end", backend=backend)


def known_deviations(backend: str, specification: str, folder: str) -> dict[str, Deviation]:
    """Deviations from a folder, or our own for our own implementation."""
    if folder:
        return load_deviations(backend, Path(folder))
    return load_deviations(backend) if specification == OURS else {}


def versions(*modules: str) -> dict[str, str]:
    """Versions of the packages that modules belong to, as far as they are installed."""
    found = {}
    roots = (re.split(r"[.:]", module)[0] for module in modules)
    for name in dict.fromkeys(root.replace("_", "-") for root in roots):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def say(**line: object) -> None:
    """Print a JSON line at once."""
    print(json.dumps(line), flush=True)  # noqa: T201 - this is how a worker reports


if __name__ == "__main__":
    main(*sys.argv[1:])
