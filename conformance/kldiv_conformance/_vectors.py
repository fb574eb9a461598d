"""Finds vectors and notes in the files that come with the package."""

import json
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from kldiv_conformance._decode import decode
from kldiv_conformance._vector import Note, Vector

FORMAT_VERSIONS = (1, 2)
"""Formats of files: the second has lists of what repeats."""

GROUPS = (
    "ordinary",
    "zeros_and_infinities",
    "tiny_and_huge",
    "log_target",
    "reductions",
    "half_precision",
    "legacy_arguments",
    "cancellation",
    "gradients",
    "samples_and_masks",
    "forms",
    "logits",
    "nearly_equal",
    "sparse_teachers",
    "tables",
    "hidden_states",
    "sizes",
    "result_dtypes",
    "option_pairs",
    "operand_kinds",
    "rare_calls",
    "bits",
    "invalid_arguments",
)


def groups() -> tuple[str, ...]:
    """Names of all groups, in the order in which a reader meets them."""
    return GROUPS


def vectors(group: str | None = None) -> list[Vector]:
    """Vectors of one group, or of all.

    Raises
    ------
    ValueError
        If there is no such group.
    """
    if group is None:
        return [vector for name in GROUPS for vector in read_group(name)]
    if group not in GROUPS:
        message = f"`group` must be one of {', '.join(map(repr, GROUPS))}; got {group!r}."
        raise ValueError(message)
    return list(read_group(group))


def find(identifier: str) -> Vector:
    """Vector with this id.

    Raises
    ------
    KeyError
        If there is no such vector.
    """
    found = by_id().get(identifier)
    if found is not None:
        return found
    near = get_close_matches(identifier, by_id())
    listed = f"near ones are {' and '.join(map(repr, near))}" if near else "ids look like {!r}"
    message = f"no vector has the id {identifier!r}: {listed.format(vectors()[0].id)}."
    raise KeyError(message)


@cache
def by_id() -> dict[str, Vector]:
    """All vectors by their id."""
    return {vector.id: vector for vector in vectors()}


@cache
def notes() -> dict[str, Note]:
    """Note of each flag."""
    stored = read("flags")["flags"]
    return {
        flag: Note(flag, note["description"], note["bug"], tuple(note["links"]))
        for flag, note in stored.items()
    }


@cache
def read_group(group: str) -> tuple[Vector, ...]:
    """All vectors of a group."""
    return tuple(decode(group, stored) for stored in read(group)["vectors"])


def read(name: str) -> dict[str, Any]:
    """One of the JSON files."""
    path = files("kldiv_conformance") / "vectors" / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    check_format(name, content.get("format"))
    return content


def check_format(name: str, found: object) -> None:
    """Refuse a file of another format than those that are read here."""
    if name != "schema" and found not in FORMAT_VERSIONS:
        message = (
            f"'{name}.json' has format {found!r}; this reads "
            f"{' and '.join(map(str, FORMAT_VERSIONS))}: install the version that it came with."
        )
        raise ValueError(message)
