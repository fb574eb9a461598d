"""Whether the lines of a run fit together: all backends, each with all of its vectors, once."""

from collections.abc import Iterator, Sequence
from itertools import chain

from kldiv_conformance._conventions import wrong_places
from kldiv_conformance._lines import FORMAT_VERSION, check_line, shortened
from kldiv_conformance._outcome import Line
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import by_id


def check_run(lines: Sequence[Line], source: str) -> None:
    """Raise ValueError unless lines are those of a whole run."""
    check_ends(lines, source)
    for number, line in enumerate(lines, 1):
        check_line(line, f"line {number} of {source!r}")
    for problem in chain(problems_of_order(lines), problems_of_outcomes(lines)):
        message = f"{source!r} {problem}: run again."
        raise ValueError(message)


def check_ends(lines: Sequence[Line], source: str) -> None:
    """Raise ValueError unless a header comes first, of this format, and a footer last."""
    if not lines or lines[0].get("kind") != "header":
        message = f"{source!r} does not begin with a header: pass a file that `run` wrote."
        raise ValueError(message)
    found = lines[0].get("format")
    if found != FORMAT_VERSION:
        message = (
            f"{source!r} has format {shortened(repr(found))}; this reads {FORMAT_VERSION}: "
            "run again, or read it with the version that wrote it."
        )
        raise ValueError(message)
    if lines[-1].get("kind") != "footer":
        count = sum(line.get("kind") == "outcome" for line in lines)
        message = f"{source!r} stops after {count} outcomes, before its end: run again."
        raise ValueError(message)


def problems_of_order(lines: Sequence[Line]) -> Iterator[str]:
    """Clauses on lines that are missing, too many, or in a wrong place."""
    header, *body, footer = lines
    part = header.get("part")
    if part is None and header["vectors"] != len(by_id()):
        yield f"has {header['vectors']} of {len(by_id())} vectors, and does not say which"
    if part is not None and header["vectors"] != len(part["ids"]):
        yield f"has {header['vectors']} vectors, and its part names {len(part['ids'])}"
    if part is not None and part["of"] != len(by_id()):
        yield f"has a part of {part['of']} vectors, and this version has {len(by_id())}"
    left = list(header["backends"])
    current: Line | None = None
    count = 0
    for line in body:
        name = line.get("backend")
        if line["kind"] == "backend" and current is None and name in left:
            left.remove(name)
            current, count = line, 0
        elif line["kind"] == "outcome" and current and name == current["backend"]:
            count += 1
        elif line["kind"] == "end" and current and name == current["backend"]:
            asked = 0 if current["skipped"] is not None else header["vectors"]
            if count != asked:
                yield f"has {count} outcomes of {name!r}, and should have {asked}"
            current = None
        else:
            yield f"has a line of the kind {line['kind']!r} where none belongs"
    if left or current is not None:
        yield f"does not come to the end of {left or [current and current['backend']]}"
    total = sum(line["kind"] == "outcome" for line in body)
    if footer["outcomes"] != total:
        yield f"has {total} outcomes, and its footer counts {footer['outcomes']}"


def problems_of_outcomes(lines: Sequence[Line]) -> Iterator[str]:
    """Clauses on outcomes of strange vectors, that stand twice, or whose numbers are wrong."""
    seen: set[tuple[str, str]] = set()
    part = lines[0].get("part")
    asked = set(part["ids"] if part else by_id())
    for line in lines:
        if line["kind"] == "outcome":
            identifier = line["id"]
            vector = by_id().get(identifier)
            if vector is None or vector.group != line["group"]:
                yield f"judges {identifier!r} of {line['group']!r}, which this version has not"
            elif identifier not in asked:
                yield f"judges {identifier!r}, which is not of its part"
            elif (line["backend"], identifier) in seen:
                yield f"judges {identifier!r} twice on {line['backend']!r}"
            elif not holds(line, vector):
                yield f"says {line['verdict']!r} of {identifier!r} with values that do not fit"
            seen.add((line["backend"], identifier))


def holds(line: Line, vector: Vector) -> bool:
    """Whether values are numbers of the vector's results, and right if the verdict is a pass."""
    try:
        values = {name: list(map(float.fromhex, texts)) for name, texts in line["values"].items()}
    except (TypeError, ValueError, OverflowError):
        return False
    passes = line["verdict"] == "pass"
    if set(values) != set(vector.results):
        return not values and not passes
    return not passes or all(
        len(numbers) == len(vector.results[name].values) and not wrong_places(vector, name, numbers)
        for name, numbers in values.items()
    )
