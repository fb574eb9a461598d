"""Operands that are no arrays, though some of them look like one."""

import array
import re
from collections.abc import Iterator

import numpy as np
from array_libraries import library
from hostile.row import FUNCTIONS, Raises, Row, sums, torch_module

# What no asarray makes numbers of.
HOPELESS = {"None", "a string", "bytes", "a dict", "a generator", "a type", "a dtype", "a duck"}


class Convertible:
    """Something that NumPy would convert."""

    def __array__(self, dtype=None, copy=None):
        return np.zeros((2, 2))


class Duck:
    """Something with a shape and a dtype, of no library."""

    shape = (2, 2)
    ndim = 2
    dtype = np.dtype("float64")


THINGS = {
    "a list": lambda: [[-1.0, -2.0], [-3.0, -0.5]],
    "a ragged list": lambda: [[-1.0, -2.0], [-3.0]],
    "a tuple": lambda: (-1.0, -2.0),
    "a number": lambda: -1.0,
    "an int": lambda: 3,
    "a complex number": lambda: 1j,
    "None": lambda: None,
    "a string": lambda: "-1.0",
    "bytes": lambda: b"\0" * 32,
    "a memoryview": lambda: memoryview(b"\0" * 32),
    "an array of the standard library": lambda: array.array("d", [-1.0, -2.0]),
    "a dict": lambda: {"input": -1.0},
    "a generator": lambda: (x for x in [-1.0]),
    "a type": lambda: np.ndarray,
    "a dtype": lambda: np.dtype("float64"),
    "what NumPy would convert": Convertible,
    "a duck": Duck,
}


def refusal(name: str, thing: object, title: str, library: str = "numpy") -> Raises:
    kind = type(thing)
    found = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    kinds = "must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...)"
    other = "target" if name == "input" else "input"
    dtype = "" if name == "where" else f", dtype={other}.dtype"
    code = f"{name}.real" if isinstance(thing, complex) else name
    make = "torch.tensor" if library == "torch" else "numpy.asarray"
    remedy = "pass an array" if title in HOPELESS else f"convert it with {make}({code}{dtype})"
    return Raises(TypeError, f"`{name}` {kinds}; got {found}: {remedy}.")


def sparse() -> object:
    return library("scipy.sparse").csr_array(np.eye(2))


def rows() -> Iterator[Row]:
    good = np.full((2, 2), 0.5)
    for number, (name, make) in enumerate(THINGS.items()):
        # Every thing in both places, and every function has some.
        function, other = FUNCTIONS[number % 5], FUNCTIONS[(number + 2) % 5]
        said = {place: refusal(place, make(), name) for place in ("input", "target", "where")}
        yield Row(f"{name} as target", function, lambda m=make: (good, m()), said["target"])
        yield Row(f"{name} as input", other, lambda m=make: (m(), good), said["input"])
        if make() is not None:
            yield Row(
                f"{name} as mask",
                lambda x, t, where: sums(x, t, where=where),
                lambda m=make: (good, good, m()),
                said["where"],
            )
    kind = re.compile(
        r"`target` must be an array \(.*\); got scipy\.sparse\..*: convert it with "
        r"numpy.asarray\(target.toarray\(\), dtype=input.dtype\)\."
    )
    yield Row(
        "a sparse matrix of SciPy",
        sums,
        lambda: (good, sparse()),
        Raises(TypeError, kind),
        needs=("scipy",),
    )
    yield Row(
        "a list",
        torch_module,
        lambda: (library("torch").zeros(2), [0.5, 0.5]),
        refusal("target", [], "a list", "torch"),
        needs=("torch",),
    )
