"""Records that a process hands over: lines of JSON on its standard output."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

Records = Iterable[dict[str, Any]]


def hand_over(records: Records) -> None:
    """Print each record as soon as it is there."""
    for record in records:
        print(json.dumps(record), flush=True)  # noqa: T201 - how it is handed over


def measure_stores(plan: Callable[..., Records]) -> None:
    """Hand over a plan's records, of the sizes on the command line; its stores are removed."""
    with tempfile.TemporaryDirectory(prefix="kldiv_xp-", ignore_cleanup_errors=True) as folder:
        hand_over(plan(folder, *map(int, sys.argv[1:])))
