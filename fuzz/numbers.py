"""Strategies of operands: ordinary numbers, and with them zeros, infinities, anything."""

import numpy as np
from array_libraries import Backend
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from fuzz.formats import flushes, working_format
from generate.rounding import rounded
from kldiv_conformance._formats import FORMATS

INF, NAN = float("inf"), float("nan")
FLAVOURS = ("ordinary", "zeros", "infinite", "wild")
ANYTHING = [INF, -INF, NAN, 3e38, -3e38, 1e300, 6e4, 1e-38, 1e-40, 1e-310, 5e-324, -0.3]

# Kind of operand: the range of an ordinary one, its zeros, its infinities.
KINDS: dict[str, tuple[tuple[float, float], list[float], list[float]]] = {
    "log q": ((-50.0, 5.0), [0.0, -0.0, -1e4], [-INF]),
    "p": ((0.0, 1.0), [0.0, -0.0, 1.0], [0.0]),
    "log p": ((-30.0, 1.0), [-INF, -1e4, -104.0, -746.0, 0.0], [-INF, 89.0, 710.0]),
    "logits": ((-50.0, 50.0), [-INF, -INF, 0.0], [-INF, 1e4, -1e4]),
}
SHAPES_OF_COMPILERS = [(3, 4), (2, 0), (5,), ()]
COMPILING = ("torch-compile", "jax", "jax-jit")


def elements(kind: str, flavour: str) -> st.SearchStrategy[float]:
    """Numbers of one kind."""
    (low, high), zeros, infinities = KINDS[kind]
    special = {
        "ordinary": [],
        "zeros": zeros,
        "infinite": zeros + infinities,
        "wild": zeros + infinities + ANYTHING,
    }[flavour]
    ordinary = st.floats(low, high, allow_nan=False)
    return st.one_of(ordinary, st.sampled_from(special)) if special else ordinary


def shapes(backend: Backend, least: int = 0) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of up to three axes; a library that compiles for each has a few."""
    if backend.name in COMPILING:
        return st.sampled_from([shape for shape in SHAPES_OF_COMPILERS if len(shape) >= least])
    return npst.array_shapes(min_dims=least, max_dims=3, min_side=0, max_side=6)


@st.composite
def pairs_of_dtypes(draw: st.DrawFn, backend: Backend) -> tuple[str, str]:
    """Dtypes of input and target, the same most of the time; float16 and bfloat16 never meet."""
    left = draw(st.sampled_from(backend.dtypes))
    others = [dtype for dtype in backend.dtypes if {dtype, left} != {"float16", "bfloat16"}]
    return left, draw(st.just(left) | st.sampled_from(others))


@st.composite
def operands(
    draw: st.DrawFn,
    backend: Backend,
    shape: tuple[int, ...],
    dtypes: tuple[str, str],
    kinds: tuple[str, str],
) -> tuple[np.ndarray, np.ndarray]:
    """Values of input and target, representable in their dtypes, in float64."""
    flavour = draw(st.sampled_from(FLAVOURS))
    working = working_format(backend, dtypes).smallest_normal
    arrays = []
    for dtype, kind in zip(dtypes, kinds, strict=True):
        smallest = max(working, FORMATS[dtype].smallest_normal) if flushes(backend) else 0.0
        values = draw(npst.arrays(np.float64, shape, elements=elements(kind, flavour)))
        arrays.append(representable(values, dtype, smallest))
    return arrays[0], arrays[1]


def representable(values: np.ndarray, dtype: str, smallest: float) -> np.ndarray:
    """Nearest numbers of a dtype, 0 for those below the smallest."""
    form = FORMATS[dtype]

    def nearest(value: float) -> float:
        number = rounded(value, form)
        # An exact zero loses its sign in `rounded`.
        return number if abs(number) >= smallest and number != 0 else value * 0.0

    with np.errstate(all="ignore"):  # NumPy looks at what Python's own arithmetic has flagged
        return np.vectorize(nearest, otypes=[np.float64])(values) if values.size else values
