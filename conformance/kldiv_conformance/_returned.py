"""Outcome of the arrays that a call returned, or of what is none."""

import warnings

from kldiv_conformance._adapter import Adapter, Array
from kldiv_conformance._comparison import finite_distances
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._problems import problems
from kldiv_conformance._text import described
from kldiv_conformance._vector import Vector


def compared(vector: Vector, adapter: Adapter, returned: dict[str, Array]) -> Outcome:
    """Outcome of a call that returned something, arrays or not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return of_arrays(vector, adapter, returned)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        kinds = " and ".join(f"{name} as {type(it).__name__}" for name, it in returned.items())
        detail = f"returned {kinds}, which {adapter.name} cannot read: {described(error)}"
        return Outcome(vector.id, vector.group, "failure", detail)


def of_arrays(vector: Vector, adapter: Adapter, returned: dict[str, Array]) -> Outcome:
    """Outcome of a call that returned arrays."""
    details, distances = [], []
    values, arrays = {}, {}
    for name, array in returned.items():
        expected = vector.results[name]
        numbers = adapter.numbers(array)
        values[name] = [number.hex() for number in numbers]
        dtype = adapter.dtype_name(array)
        arrays[name] = [dtype, *array.shape]
        details += problems(vector, name, array, dtype, numbers)
        distances += finite_distances(numbers, expected)
    return Outcome(
        vector.id,
        vector.group,
        "failure" if details else "pass",
        " ".join(details),
        max(distances, default=None),
        values,
        arrays,
    )
