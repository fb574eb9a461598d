"""Rounds of a fuzz session: run under a seed, counted, and saved where one fails."""

import json
import re
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from array_libraries import BACKENDS, Backend
from hypothesis import HealthCheck, Phase, reproduce_failure, seed, settings

from fuzz.checks import property_of

BLOB = re.compile(r"@reproduce_failure\('([^']+)', (b'[^']*'|b\"[^\"]*\")\)")


@dataclass(frozen=True)
class Pair:
    """A check on a backend."""

    check: str
    backend: Backend

    def __str__(self) -> str:
        return f"{self.check} on {self.backend.name}"


@dataclass
class Tally:
    """History of a pair."""

    rounds: int = 0
    calls: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


def attempt(pair: Pair, number: int, examples: int, tally: Tally, folder: Path) -> None:
    """One round of a pair, from a seed."""
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    start = time.monotonic()
    try:
        seed(number)(chosen(property_of(pair.check, pair.backend)))()
    except Exception as error:  # whatever it is, it is what was looked for
        tally.failures.append(save(pair, number, error, folder))
        print(f"{pair} failed from seed {number}: {tally.failures[-1]}", flush=True)
    tally.rounds += 1
    tally.calls += examples
    tally.seconds += time.monotonic() - start


def save(pair: Pair, number: int, error: Exception, folder: Path) -> str:
    """File that holds how to make a failure happen again."""
    text = "".join(traceback.format_exception(error))
    version, blob = BLOB.search(text).groups() if BLOB.search(text) else (None, None)
    record = {
        "check": pair.check,
        "backend": pair.backend.name,
        "seed": number,
        "hypothesis": version,
        "blob": blob,
        "error": text.splitlines(),
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{pair.check}-{pair.backend.name}-{number}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    return str(path)


def load(path: Path) -> dict[str, Any]:
    """Record that `save` has written."""
    record: dict[str, Any] = json.loads(path.read_text())
    return record


def replay(record: dict[str, Any]) -> None:
    """Make a failure happen again, from its blob alone."""
    holds = property_of(record["check"], BACKENDS[record["backend"]])
    blob = record["blob"][2:-1].encode()
    reproduce_failure(record["hypothesis"], blob)(settings(deadline=None)(holds))()


def table(tallies: dict[Pair, Tally]) -> str:
    """Summary of a session, a line for each pair."""
    lines = [
        f"{pair!s:40} {tally.calls:8} calls {tally.seconds:8.1f} s {len(tally.failures):3} failures"
        for pair, tally in tallies.items()
    ]
    return "\n".join(lines)
