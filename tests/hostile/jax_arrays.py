"""Arrays of JAX: traced, deleted, without values, of types that hold no numbers."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from array_libraries import library
from hostile.row import INPUT, SUM, TARGET, Gives, Raises, Row, derivative, sums

JAX = "jaxlib._jax.ArrayImpl"
MIXED = (
    "`input` and `target` must come from one array library; got {} and {}: convert one of them, "
    "jax.numpy.asarray(target)."
)
FLOATS = "`target` must have a real floating-point dtype; got {}: {}."
COUNTS = (
    "if these are one-hot labels or counts, divide them by their sum: "
    "target / target.sum(axis=-1, keepdims=True)"
)
NO_NUMBERS = "pass probabilities or their logarithms in an array of floats"


def row(needs: str, name: str, function: Any, make: Any, outcome: Any, **options: Any) -> Row:
    return Row(name, function, make, outcome, options, needs=(needs,))


def rows() -> Iterator[Row]:
    yield from jax_arrays()
    yield from tracers()


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
        Raises(TypeError, FLOATS.format("key<fry>", NO_NUMBERS)),
    )
    yield row(
        "jax",
        "a shape without values",
        sums,
        lambda: (jax_pair()[0], library("jax").ShapeDtypeStruct((2, 2), "float64")),
        Raises(
            TypeError, re.compile(r"`target` must be an array \(.*\); got jax\..*: pass an array\.")
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
        "an array that was deleted",
        deleted,
        jax_pair,
        Raises(RuntimeError, re.compile(r"Array has been deleted.*")),
    )
    yield row(
        "jax",
        "ints",
        derivative,
        lambda: (jax_pair()[0], library("jax.numpy").ones((2, 2), "int32")),
        Raises(TypeError, FLOATS.format("int32", COUNTS)),
    )


def deleted(input: Any, target: Any) -> Any:
    """Loss of an input whose buffer was donated."""
    copy = library("jax.numpy").array(input, copy=True)
    copy.delete()
    return sums(copy, target)


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
        Raises(
            TypeError,
            re.compile(
                r"`log_target` must be True or False; got .*: name it in static_argnames where "
                r"jax.jit traces it\."
            ),
        ),
    )
