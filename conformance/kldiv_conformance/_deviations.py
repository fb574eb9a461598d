"""Failures that are known: which vectors, why, and where that is discussed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable

from kldiv_conformance._outcome import Outcome


@dataclass(frozen=True)
class Deviation:
    """A known failure, with its reason and a link to the evidence."""

    reason: str
    link: str


def load_deviations(backend: str, folder: Traversable | None = None) -> dict[str, Deviation]:
    """Deviations of a backend by vector id; none without a file ``<backend>.toml``.

    The files of kldiv_xp itself are read if no folder is given.
    """
    path = (folder or files("kldiv_conformance") / "deviations") / f"{backend}.toml"
    if not path.is_file():
        return {}
    stored = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        identifier: Deviation(entry["reason"], entry["link"])
        for entry in stored["deviation"]
        for identifier in entry["ids"]
    }


def settle(outcome: Outcome, deviations: Mapping[str, Deviation]) -> Outcome:
    """Outcome in the light of what is known: a known failure is a deviation."""
    known = deviations.get(outcome.id)
    if known is None:
        return outcome
    if outcome.verdict == "failure":
        return replace(outcome, verdict="deviation", detail=f"{known.reason} ({known.link})")
    if outcome.verdict == "pass":
        message = "passes, though a deviation is recorded: remove it from the deviations file."
        return replace(outcome, verdict="failure", detail=message)
    return outcome


def unmatched(deviations: Mapping[str, Deviation], identifiers: set[str]) -> list[str]:
    """Ids of deviations that no vector has."""
    return sorted(set(deviations) - identifiers)
