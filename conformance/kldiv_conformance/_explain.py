"""One vector, for a reader."""

from collections.abc import Iterator, Sequence

from kldiv_conformance._vector import Operand, Result, Vector
from kldiv_conformance._vectors import find, notes

WIDEST = 8


def explanation(identifier: str) -> str:
    """Text on a vector: its operands, the exact results, the conventions, and its flags.

    Raises
    ------
    KeyError
        If there is no such vector.
    """
    vector = find(identifier)
    parts = [
        f"{vector.id} ({vector.group}): {vector.comment}",
        *operands(vector),
        *results(vector),
        *conventions(vector),
        *reasons(vector),
    ]
    return "\n".join(parts)


def operands(vector: Vector) -> Iterator[str]:
    """Lines on what is passed."""
    yield ""
    if vector.function is not None:
        yield f"  {'function':<12} {vector.function}"
    for name, operand in (("input", vector.input), ("target", vector.target)):
        yield f"  {name:<12} {described(operand)} {numbers(operand.values)}"
    for name, operand in vector.layers.items():
        yield f"  {name:<12} {described(operand)} {numbers(operand.values)}"
    for name, value in vector.arguments.items():
        yield f"  {name:<12} {value!r}"
    if vector.result_dtype is not None:
        yield f"  {'dtype':<12} {vector.result_dtype}"
    if vector.where is not None:
        chosen = [bool(value) for value in vector.where.values]
        yield f"  {'where':<12} {described(vector.where)} {numbers(chosen)}"
    if vector.indices is not None:
        places = [int(value) for value in vector.indices.values]
        yield f"  {'indices':<12} {described(vector.indices)} {numbers(places)}"
    if vector.upstream is not None:
        of = vector.upstream
        given = f"{described(of)} {numbers(of.values)}" if isinstance(of, Operand) else repr(of)
        yield f"  {'upstream':<12} {given}"


def described(array: Operand | Result) -> str:
    """Dtype and shape."""
    return f"{array.dtype}{list(array.shape)}"


def results(vector: Vector) -> Iterator[str]:
    """Lines on what must come of it."""
    yield ""
    if vector.raises is not None:
        yield f"  must raise   {vector.raises}"
    for name, result in vector.results.items():
        yield f"  {name:<12} {described(result)} {numbers(result.values)}"
        yield f"  {'off by':<12} {numbers(result.error_bound)}{or_ulp(vector, result)}"


def or_ulp(vector: Vector, result: Result) -> str:
    """Distance in ulp that is good enough, which the judge grants where a bound is not 0."""
    granted = any(result.error_bound) and vector.max_ulp
    return f", or {granted} ulp where that is not 0" if granted else ""


def conventions(vector: Vector) -> Iterator[str]:
    """Lines on what libraries prescribe, where they differ."""
    if vector.conventions:
        yield ""
    for name, prescribed in vector.conventions.items():
        for part, values in prescribed.items():
            yield f"  {name:<12} {part} {numbers(values)}"


def reasons(vector: Vector) -> Iterator[str]:
    """Lines on why the vector exists."""
    for flag in vector.flags:
        note = notes()[flag]
        yield f"\n  {flag}: {note.description} {note.bug}"
        yield from (f"    {link}" for link in note.links)


def numbers(values: Sequence[float]) -> str:
    """Some of the numbers, as Python writes them."""
    shown = ", ".join(map(repr, values[:WIDEST]))
    more = f", and {len(values) - WIDEST} more" if len(values) > WIDEST else ""
    return f"{shown}{more}"
