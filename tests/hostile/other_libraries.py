"""Arrays of Dask and of the strict library: lazy, of unknown size, elsewhere."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from array_libraries import library
from hostile.row import INPUT, SUM, TARGET, Gives, Raises, Row, sums, terms

MIXED = (
    "`input` and `target` must come from one array library; got {} and {}: convert one of them, {}."
)
FLOATS = 'must have a real floating-point dtype; got {}: convert it with target.astype("float32").'


def row(needs: str, name: str, function: Any, make: Any, outcome: Any, **options: Any) -> Row:
    return Row(name, function, make, outcome, options, needs=(needs,))


def rows() -> Iterator[Row]:
    yield from dask_arrays()
    yield from strict_arrays()


def dask_pair(chunks: Any = (1, 2)) -> tuple[Any, Any]:
    return tuple(library("dask.array").from_array(np.array(v), chunks) for v in (INPUT, TARGET))


def unknown() -> tuple[Any, Any]:
    """Rows that a mask selects, whose number Dask does not know."""
    pair = dask_pair()
    chosen = pair[0][:, 0] < 0
    return tuple(array[chosen] for array in pair)


def computed(input: Any, target: Any, **options: Any) -> Any:
    return np.asarray(sums(input, target, **options).compute(scheduler="synchronous"))


def dask_arrays() -> Iterator[Row]:
    yield row("dask", "sizes that are not known", computed, unknown, Gives(SUM))
    for reduction in ("mean", "batchmean"):
        yield row(
            "dask",
            f"{reduction} of sizes that are not known",
            "kl_div",
            unknown,
            Raises(
                ValueError,
                f"reduction={reduction!r} divides by the size of `input`, whose shape (None, 2) is "
                "not known yet: compute it first (Dask: compute_chunk_sizes()), or use "
                "reduction='sum'.",
            ),
            reduction=reduction,
        )
    yield row(
        "dask",
        "chunks that differ",
        computed,
        lambda: (dask_pair((1, 2))[0], dask_pair((2, 1))[1]),
        Gives(SUM),
    )
    yield row(
        "dask",
        "an array of NumPy as target of Dask",
        sums,
        lambda: (dask_pair()[0], np.array(TARGET)),
        Raises(
            TypeError,
            MIXED.format("dask.array.core.Array", "numpy.ndarray", "dask.array.from_array(target)"),
        ),
    )
    yield row(
        "dask",
        "objects",
        sums,
        lambda: (dask_pair()[0], dask_pair()[1].astype(object)),
        Raises(TypeError, "`target` " + FLOATS.format("object")),
    )


def strict_arrays() -> Iterator[Row]:
    def pair(one: str, other: str) -> tuple[Any, Any]:
        xp = library("array_api_strict")
        return tuple(
            xp.asarray(v, device=xp.Device(device)) for v, device in ((INPUT, one), (TARGET, other))
        )

    yield row(
        "array_api_strict",
        "two devices",
        terms,
        lambda: pair("CPU_DEVICE", "device1"),
        Raises(
            ValueError,
            "`input` and `target` must be on one device; got array_api_strict.Device('CPU_DEVICE') "
            "and array_api_strict.Device('device1'): move one of them, "
            "target.to_device(input.device).",
        ),
    )
    yield row(
        "array_api_strict",
        "an array of NumPy as target",
        terms,
        lambda: (pair("CPU_DEVICE", "CPU_DEVICE")[0], np.array(TARGET)),
        Raises(
            TypeError,
            MIXED.format(
                "array_api_strict._array_object.Array",
                "numpy.ndarray",
                "array_api_strict.asarray(target, device=input.device)",
            ),
        ),
    )
