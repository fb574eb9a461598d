"""Whether the results of the call before are what they were: a kernel may lend its own memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MethodType
from typing import Any

from kldiv_conformance._adapter import Adapter
from kldiv_conformance._implementations import FUNCTIONS, Implementation
from kldiv_conformance._memory import LAYOUTS
from kldiv_conformance._operands import Snapshot, accusation, snapshots


@dataclass(frozen=True)
class Kept:
    """Results of a call, and what they were when it returned."""

    identifier: str
    adapter: Adapter
    implementation: Implementation
    results: Mapping[str, Any]
    before: Mapping[str, Snapshot]


_last: list[Kept] = []


def functions(implementation: Implementation) -> list[tuple[int, int]]:
    """Identities of the functions of an implementation, and of the objects that these belong to."""
    beside = map(implementation.functions.get, FUNCTIONS)
    return [
        # A method is another object at each look-up.
        (id(one.__func__), id(one.__self__)) if isinstance(one, MethodType) else (id(one), 0)
        for one in (implementation.loss, implementation.gradient, *beside)
    ]


def keep(
    identifier: str, adapter: Adapter, implementation: Implementation, results: Mapping[str, Any]
) -> None:
    """Keep results until the next call; of a lazy library, each reading would compute anew."""
    _last.clear()
    if adapter.library in LAYOUTS:
        before = snapshots(results, adapter)
        _last.append(Kept(identifier, adapter, implementation, results, before))


def overwritten(adapter: Adapter, implementation: Implementation) -> str | None:
    """Sentence on a result of the call before that this one has overwritten."""
    if not _last:
        return None
    kept = _last.pop()
    if kept.adapter is not adapter or functions(kept.implementation) != functions(implementation):
        return None  # whose call it was that has overwritten them is not known
    if snapshots(kept.results, adapter) == kept.before:
        return None
    return accusation(f"the result of the call before, of {kept.identifier}")
