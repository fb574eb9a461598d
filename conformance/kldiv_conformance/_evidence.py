"""The evidence that outcomes give: each result of each vector, right or wrong, and how."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from kldiv_conformance._conventions import is_exact, wrong_places
from kldiv_conformance._operands import accuses
from kldiv_conformance._outcome import Line
from kldiv_conformance._raises import lost, of_flags
from kldiv_conformance._telltales import telltale
from kldiv_conformance._torch_derivatives import MUST
from kldiv_conformance._vector import Result, Vector
from kldiv_conformance._vectors import find

# A relative error below this is one of rounding, or of something small that was added.
SLIGHT = 1e-3
OPERANDS = "operands"


# A vector by its id, and a result of it: 'value', 'd_input', 'd_target', 'raises' for a call that
# must raise, 'operands' for what a call may overwrite.  A right result has no symptom.
Place: TypeAlias = tuple[str, str]
Symptoms: TypeAlias = frozenset[str]


def apart(outcomes: Iterable[Line]) -> tuple[list[Line], list[Line]]:
    """Outcomes of calls that must return numbers, and of calls that must raise."""
    found: tuple[list[Line], list[Line]] = ([], [])
    for line in outcomes:
        found[find(line["id"]).kind == "invalid"].append(line)
    return found


def observations(outcomes: Iterable[Line]) -> dict[Place, Symptoms]:
    """How each result is wrong that a backend can express; one that is known to fail is wrong."""
    expressed = (line for line in outcomes if line["verdict"] != "not supported")
    return {(line["id"], result): found for line in expressed for result, found in observed(line)}


def observed(line: Line) -> Iterator[tuple[str, Symptoms]]:
    """Results of one outcome, and how they are wrong."""
    vector = find(line["id"])
    failed = line["verdict"] in {"failure", "deviation"}
    changed, alone = accuses(line["detail"]) if failed else (False, False)
    yield OPERANDS, symptoms("overwritten") if changed else symptoms()
    failed = failed and not alone
    if vector.kind == "invalid":
        yield "raises", symptoms("accepted") if failed else symptoms()
    for name, result in vector.results.items():
        yield name, of_result(vector, name, result, line) if failed else symptoms()


def symptoms(*names: str) -> Symptoms:
    """Set of symptoms."""
    return frozenset(names)


def unexplained(outcomes: Sequence[Line], rounded: Collection[Place]) -> dict[Place, Symptoms]:
    """How each result is wrong, but for those that are rounded to a narrower type.

    What gives no number is no evidence of one, unless the bug of a flag is that it raises.
    """
    seen, told = observations(outcomes), of_flags(outcomes)
    return {
        place: Symptoms() if place in rounded else found
        for place, found in seen.items()
        if "raised" not in found or place[0] in told
    }


def of_result(vector: Vector, name: str, result: Result, line: Line) -> Symptoms:
    """Symptoms of one result of a failure; what is right in another call is none of a flag."""
    texts = line["values"].get(name)
    if texts is None:
        return symptoms("raised" if lost(line) or MUST in line["detail"] else "unequal")
    for kind in ("shape", "dtype"):
        if f"{name} must have the {kind} " in line["detail"]:
            return symptoms(kind)
    numbers = [float.fromhex(text) for text in texts]
    if len(numbers) != len(result.values):
        return symptoms("shape")
    wrong = wrong_places(vector, name, numbers)
    if name == "value" and (known := telltale(vector, numbers)) is not None:
        return symptoms(known)
    wrong = [place for place in wrong if not is_exact(vector, name, place, numbers[place])]
    return frozenset(symptom(numbers[place], result.values[place]) for place in wrong)


def symptom(got: float, right: float) -> str:
    """How a number is wrong."""
    if math.isnan(right):
        return "hidden"
    if math.isnan(got):
        return "nan"
    if math.isinf(right):
        return "bounded"
    if math.isinf(got):
        return "infinite"
    if got == right:
        return "zero"
    return "slight" if abs(got - right) <= SLIGHT * abs(right) else "gross"
