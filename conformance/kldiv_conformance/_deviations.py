"""Failures that are known: which vectors, why, and where that is discussed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable

from kldiv_conformance._implementations import OURS
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._vectors import vectors


@dataclass(frozen=True)
class Deviation:
    """A known failure, with its reason and a link to the evidence."""

    reason: str
    link: str


def known_deviations(
    backend: str, implementation: str, folder: Traversable | None = None
) -> dict[str, Deviation]:
    """Deviations from a folder, or our own for our own implementation.

    Raises
    ------
    ValueError
        If the file cannot be read as what it is, or names what no vector is called.
    """
    if folder is None and implementation != OURS:
        return {}
    known = load_deviations(backend, folder)
    strange = unmatched(known, {vector.id for vector in vectors()})
    if strange:
        message = (
            f"'{backend}.toml' records a deviation of {', '.join(map(repr, strange))}, which no "
            "vector is called: remove it."
        )
        raise ValueError(message)
    return known


def load_deviations(backend: str, folder: Traversable | None = None) -> dict[str, Deviation]:
    """Deviations of a backend by vector id; none without a file ``<backend>.toml``.

    The files of kldiv_xp itself are read if no folder is given.

    Raises
    ------
    ValueError
        If the file is no list of deviations, each with its ids, reason and link.
    """
    path = (folder or files("kldiv_conformance") / "deviations") / f"{backend}.toml"
    if not path.is_file():
        return {}
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            text(identifier): Deviation(text(entry["reason"]), text(entry["link"]))
            for entry in stored["deviation"]
            for identifier in entry["ids"]
        }
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        message = (
            f"{str(path)!r} must be a list of [[deviation]], each with ids, reason and link; "
            f"got {type(error).__name__}: {error}."
        )
        raise ValueError(message) from error


def text(stored: object) -> str:
    """Value of a key, which must be a string."""
    if not isinstance(stored, str):
        message = f"{stored!r} is no string"
        raise TypeError(message)
    return stored


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
