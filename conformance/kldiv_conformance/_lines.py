"""The lines of a run: JSON objects, each of a kind that run_schema.json describes."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from kldiv_conformance._outcome import Line

FORMAT_VERSION = 1
LONGEST = 300


def parsed_lines(text: str, source: str) -> list[Line]:
    """Objects of JSON lines.

    Raises
    ------
    ValueError
        If a line is not the JSON of an object.
    """
    return [
        parsed(line, f"line {number} of {source!r}")
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]


def parsed(text: str, place: str) -> Line:
    """Object of one line."""
    try:
        line = json.loads(text, object_pairs_hook=unique, parse_constant=refused)
    except (ValueError, RecursionError) as error:
        message = f"{place} is not JSON: {error}; run again."
        raise ValueError(message) from error
    if not isinstance(line, dict):
        message = f"{place} must be a JSON object; got {type(line).__name__}: run again."
        raise ValueError(message)
    return line


def unique(pairs: list[tuple[str, Any]]) -> Line:
    """Object whose members have names of their own."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def refused(constant: str) -> NoReturn:
    """NaN and the infinities are no JSON."""
    message = f"{constant} is no number"
    raise ValueError(message)


def check_line(line: Line, place: str) -> None:
    """Raise ValueError unless a line obeys the schema of its kind."""
    kind = line.get("kind")
    if not isinstance(kind, str) or kind not in validators():
        kinds = ", ".join(map(repr, validators()))
        message = f"{place} must have one of the kinds {kinds}; got {shortened(repr(kind))}."
        raise ValueError(message)
    validator = validators()[kind]
    error = None if validator.is_valid(line) else best_match(validator.iter_errors(line))
    if error is not None:
        where = "/".join(map(str, error.absolute_path))
        member = f", {shortened(where)}" if where else ""
        message = f"{place} is no {kind}{member}: {shortened(error.message)}; run again."
        raise ValueError(message)


def shortened(text: str) -> str:
    """Text of a length that a reader can bear."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


@cache
def validators() -> dict[str, Draft202012Validator]:
    """Validator of each kind of line."""
    path = files("kldiv_conformance") / "run_schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    shared = schema["$defs"]
    names = [entry["$ref"].rpartition("/")[2] for entry in schema["oneOf"]]
    return {name: Draft202012Validator({**shared[name], "$defs": shared}) for name in names}
