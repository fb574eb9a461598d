"""The process of one backend: judges every vector and prints a JSON line for each."""

import json
import sys
from importlib.metadata import PackageNotFoundError, version

from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._deviations import load_deviations, settle
from kldiv_conformance._implementations import OURS, load_implementation
from kldiv_conformance._judge import judge
from kldiv_conformance._vectors import vectors


def main(backend: str, specification: str) -> None:
    """Print the outcomes of a backend, between its versions and an end."""
    adapter = ADAPTERS[backend]
    reason = adapter.reason_to_skip()
    say(kind="backend", backend=backend, versions=versions(adapter.library), skipped=reason)
    if reason is None:
        implementation = load_implementation(specification)
        deviations = load_deviations(backend) if specification == OURS else {}
        for vector in vectors():
            outcome = settle(judge(vector, adapter, implementation), deviations)
            say(**outcome.to_json(), backend=backend)
    say(kind="end", backend=backend)


def versions(library: str) -> dict[str, str]:
    """Versions of what is judged and of what it runs on, as far as they are installed."""
    found = {}
    for name in ("kldiv-xp", library.partition(".")[0].replace("_", "-"), "array-api-compat"):
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
