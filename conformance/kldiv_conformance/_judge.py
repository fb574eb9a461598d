"""Runs one vector on one backend, and says what came of it."""

import warnings
from functools import partial

from kldiv_conformance._adapter import Adapter, Array
from kldiv_conformance._calls import NotSupportedError, call, made, masked
from kldiv_conformance._comparison import finite_distances, problems
from kldiv_conformance._implementations import Implementation
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._vector import Vector


def judge(vector: Vector, adapter: Adapter, implementation: Implementation) -> Outcome:
    """Outcome of a vector; whatever the implementation raises is part of it."""
    outcome = partial(Outcome, vector.id, vector.group)
    try:
        arrays = [made(operand, adapter) for operand in (vector.input, vector.target)]
        options = {**vector.arguments, **masked(vector, adapter)}
    except NotSupportedError as reason:
        return outcome("not supported", str(reason))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            returned = call(vector, adapter, implementation, arrays, options)
    except NotImplementedError as reason:
        return outcome("not supported", str(reason) or "the implementation does not do this.")
    except Exception as error:
        return raised(vector, error)
    if vector.raises is not None:
        return outcome("failure", f"must raise {vector.raises}, but returned a value.")
    return compared(vector, adapter, returned)


def raised(vector: Vector, error: Exception) -> Outcome:
    """Outcome of a call that raised: right if the vector asks for just that."""
    kind = type(error).__name__
    names = {ancestor.__name__ for ancestor in type(error).__mro__}
    if vector.raises in names:
        return Outcome(vector.id, vector.group, "pass")
    wanted = f"must raise {vector.raises}" if vector.raises else "must return a value"
    text = " ".join(str(error).split())[:200]
    return Outcome(vector.id, vector.group, "failure", f"{wanted}, but raised {kind}: {text}")


def compared(vector: Vector, adapter: Adapter, returned: dict[str, Array]) -> Outcome:
    """Outcome of a call that returned arrays."""
    details, distances, values = [], [], {}
    for name, array in returned.items():
        expected = vector.results[name]
        numbers = adapter.read(array)
        values[name] = [number.hex() for number in numbers]
        details += problems(name, array, numbers, expected, vector.max_ulp)
        distances += finite_distances(numbers, expected)
    return Outcome(
        vector.id,
        vector.group,
        "failure" if details else "pass",
        " ".join(details),
        max(distances, default=None),
        values,
    )
