"""Calls of the divergence of two tables: what is drawn, and what is exactly right."""

from dataclasses import dataclass

import numpy as np
from array_libraries import Backend
from hypothesis import strategies as st
from mpmath import mp, mpf

from fuzz.calls import intervals
from fuzz.formats import working_format
from fuzz.logit_calls import finite, object_array
from generate.bounds import TERM
from generate.tables import Mixture


@dataclass(frozen=True)
class TableCall:
    """Operands, options, and how the work is cut and shared."""

    input: np.ndarray
    target: np.ndarray
    dtypes: tuple[str, str]
    log_input: bool
    log_target: bool
    beta: float
    axis: int
    block_bytes: int
    threads: int
    layouts: tuple[str, str] = ("as it is", "as it is")
    where: None = None


def dtypes_of(backend: Backend) -> list[str]:
    """Dtypes whose functions are right to some ulp.

    XLA's log1p of float64 is up to 129 off, https://github.com/jax-ml/jax/issues/39707.
    """
    wide = [one for one in backend.dtypes if "16" not in one]
    return ["float32"] if backend.library == "jax" else wide


@st.composite
def table_calls(draw: st.DrawFn, backend: Backend) -> TableCall:
    """Two tables, with zeros and equal entries, each as it is or in logarithms."""
    shape = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    dtype = draw(st.sampled_from(dtypes_of(backend)))
    masses = st.floats(2.0**-20, 4, width=32) | st.just(0.0)
    row = st.lists(masses, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    tables = [np.asarray(draw(row)).reshape(shape).astype(dtype) for _ in range(2)]
    same = np.asarray(draw(st.lists(st.booleans(), min_size=shape[1], max_size=shape[1])))
    tables[1] = np.where(same, tables[0], tables[1])
    logs = draw(st.booleans()), draw(st.booleans())
    with np.errstate(divide="ignore"):
        pair = [np.log(one) if log else one for one, log in zip(tables, logs, strict=True)]
    return TableCall(
        *pair,
        dtypes=(dtype, dtype),
        log_input=logs[0],
        log_target=logs[1],
        beta=draw(st.sampled_from([0.5, 0.0, 1.0, 0.3, 2.0**-12, 1 - 2.0**-12])),
        axis=draw(st.sampled_from([0, -1])),
        block_bytes=draw(st.sampled_from([1 << 20, 64, 256])),
        threads=draw(st.integers(1, 3)),
    )


def exact_divergences(backend: Backend, call: TableCall) -> np.ndarray:
    """Intervals of the divergence of each sample."""
    form = working_format(backend, call.dtypes)
    mixture = Mixture(call.log_input, call.log_target, call.beta, form)
    rows = [np.moveaxis(one, call.axis, -1).tolist() for one in (call.input, call.target)]
    exact, reach = [], []
    for pairs in (zip(*row, strict=True) for row in zip(*rows, strict=True)):
        every = list(pairs)
        exact.append(mp.fsum(mixture.term(*pair) for pair in every))
        scale = mp.fsum(mixture.term_bound(*pair)[0] for pair in every)
        constant = (TERM + mpf(len(every)) / 2) * mpf(form.eps)
        reach.append(constant * finite(scale) + 100 * mpf(form.smallest_normal))
    return intervals(object_array(exact), object_array(reach))
