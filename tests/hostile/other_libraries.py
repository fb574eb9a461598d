"""Arrays of JAX, of Dask and of the strict library: traced, lazy, of unknown size, elsewhere."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from backends import library
from hostile.row import INPUT, SUM, TARGET, Gives, Raises, Row, slope, sums, terms

JAX = "jaxlib._jax.ArrayImpl"
MIXED = (
    "`input` and `target` must come from one array library; got {} and {}: convert one of them, "
    "e.g. with from_dlpack."
)
FLOATS = "must have a real floating-point dtype; got {}: convert it with astype(..., float32)."


def row(needs: str, name: str, function: Any, make: Any, outcome: Any, **options: Any) -> Row:
    return Row(name, function, make, outcome, options, needs=(needs,))


def rows() -> Iterator[Row]:
    yield from jax_arrays()
    yield from tracers()
    yield from dask_arrays()
    yield from strict_arrays()


def jax_pair() -> tuple[Any, Any]:
    return tuple(library("jax.numpy").asarray(v, dtype="float64") for v in (INPUT, TARGET))


def jax_arrays() -> Iterator[Row]:
    yield row(
        "jax",
        "an array of NumPy as target of JAX",
        sums,
        lambda: (jax_pair()[0], np.array(TARGET)),
        Raises(TypeError, MIXED.format(JAX, "numpy.ndarray")),
    )
    yield row(
        "jax",
        "random keys",
        sums,
        lambda: (jax_pair()[0], library("jax").random.split(library("jax").random.key(0), (2, 2))),
        Raises(TypeError, "`target` " + FLOATS.format("key<fry>")),
    )
    yield row(
        "jax",
        "a shape without values",
        sums,
        lambda: (jax_pair()[0], library("jax").ShapeDtypeStruct((2, 2), "float64")),
        Raises(
            TypeError, re.compile(r"`target` must be an array \(.*\); got jax\..*: convert .*\.")
        ),
    )
    yield row(
        "jax",
        "gradients of ints",
        sums,
        lambda: (jax_pair()[0], library("jax.numpy").zeros((2, 2), library("jax").dtypes.float0)),
        Raises(TypeError, re.compile(r".*")),
    )
    yield row(
        "jax",
        "ints",
        slope,
        lambda: (jax_pair()[0], library("jax.numpy").ones((2, 2), "int32")),
        Raises(TypeError, "`target` " + FLOATS.format("int32")),
    )


def under(transform: str, *arguments: Any) -> Any:
    """Function that is called on tracers."""

    def call(input: Any, target: Any) -> Any:
        return getattr(library("jax"), transform)(sums, *arguments)(input, target)

    call.__name__ = transform
    return call


def tracers() -> Iterator[Row]:
    yield row("jax", "tracers", under("jit"), jax_pair, Gives(SUM, JAX))
    yield row("jax", "tracers", under("grad"), jax_pair, Gives(-np.array(TARGET), JAX))
    rowwise = np.sum(np.array(TARGET) * (np.log(TARGET) - np.array(INPUT)), axis=1)
    yield row("jax", "tracers", under("vmap"), jax_pair, Gives(rowwise, JAX))
    shape = "shape"

    def traced(input: Any, target: Any) -> Any:
        return library("jax").make_jaxpr(sums)(input, target).out_avals[0].shape

    yield row("jax", f"tracers have a {shape}", traced, jax_pair, Gives((), "builtins.tuple", None))

    def with_numpy(input: Any, target: Any) -> Any:
        return library("jax").jit(lambda x: sums(x, np.array(TARGET)))(input)

    yield row(
        "jax",
        "a tracer beside an array of NumPy",
        with_numpy,
        jax_pair,
        Raises(
            TypeError,
            re.compile(
                r"`input` and `target` must come from one array library; got .* and numpy.*"
            ),
        ),
    )

    def flagged(input: Any, target: Any) -> Any:
        return library("jax").jit(lambda x, t, flag: sums(x, t, log_target=flag))(
            input, target, np.True_
        )

    yield row(
        "jax",
        "a tracer as log_target",
        flagged,
        jax_pair,
        Raises(TypeError, re.compile(r"`log_target` must be True or False; got .*: pass bool.*")),
    )


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
        Raises(TypeError, MIXED.format("dask.array.core.Array", "numpy.ndarray")),
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
            "and array_api_strict.Device('device1'): move one of them, e.g. with to_device.",
        ),
    )
    yield row(
        "array_api_strict",
        "an array of NumPy as target",
        terms,
        lambda: (pair("CPU_DEVICE", "CPU_DEVICE")[0], np.array(TARGET)),
        Raises(TypeError, MIXED.format("array_api_strict._array_object.Array", "numpy.ndarray")),
    )
