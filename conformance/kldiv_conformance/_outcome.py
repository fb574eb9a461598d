"""The outcome of a vector."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, TypeAlias

# A line of a run: the object of its JSON.
Line: TypeAlias = dict[str, Any]
VERDICTS = ("failure", "deviation", "not supported", "pass")
Verdict: TypeAlias = Literal["pass", "deviation", "failure", "not supported"]


@dataclass(frozen=True)
class Outcome:
    """Outcome of a vector.

    Attributes
    ----------
    verdict : str
        'pass', 'failure', 'not supported', or 'deviation' for a failure that is known.
    detail : str
        One sentence on what went wrong; empty for a pass.
    ulp : int or None
        Largest distance from the expected numbers, None where there is no distance.
    values : dict of str to list of str
        What was returned, as hexadecimal floats.
    arrays : dict of str to list
        Dtype and shape of what was returned; empty in a run that an older version wrote.
    """

    id: str
    group: str
    verdict: Verdict
    detail: str = ""
    ulp: int | None = None
    values: dict[str, list[str]] = field(default_factory=dict)
    arrays: dict[str, list[Any]] = field(default_factory=dict)

    def to_json(self) -> Line:
        """Line of a report."""
        return {"kind": "outcome", **{part.name: getattr(self, part.name) for part in fields(self)}}

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Self:
        """Outcome of a line; KeyError if a member is missing."""
        known = {"arrays": {}, **line}
        return cls(**{part.name: known[part.name] for part in fields(cls)})
