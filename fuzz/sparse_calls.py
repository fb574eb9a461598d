"""Calls with teachers known at some indices: what is drawn, and what is exactly right."""

import math
from dataclasses import dataclass

import numpy as np
from array_libraries import Backend
from hypothesis import strategies as st
from mpmath import mp, mpf

from fuzz.calls import intervals
from fuzz.formats import working_format
from fuzz.logit_calls import finite, object_array
from generate import sparse
from generate.sparse_draft import SparseDraft

TAILS = ("bucket", "renormalize", "zero")


@dataclass(frozen=True)
class SparseCall:
    """Operands, options, and how the work is cut and shared."""

    input: np.ndarray
    indices: np.ndarray
    target: np.ndarray
    dtypes: tuple[str, str]
    target_is: str
    tail: str
    temperature: float
    scale: bool
    axis: int
    block_bytes: int
    threads: int
    layouts: tuple[str, str] = ("as it is", "as it is")
    where: None = None

    @property
    def draft(self) -> SparseDraft:
        """The options, as the generator of vectors takes them."""
        return SparseDraft(
            comment="",
            flags=(),
            input=(),
            target=(),
            temperature=self.temperature,
            scale=self.scale,
            target_is=self.target_is,
            tail=self.tail,
        )


@st.composite
def sparse_calls(draw: st.DrawFn, backend: Backend) -> SparseCall:
    """Samples of a vocabulary and the teacher's indices in it, in any order and in two axes."""
    samples, size = draw(st.integers(1, 4)), draw(st.integers(2, 12))
    number = draw(st.integers(1, size))
    dtype = draw(st.sampled_from([one for one in backend.dtypes if "16" not in one]))
    logits = st.floats(-30, 30, width=32) | st.just(-math.inf)
    drawn = np.asarray(
        [
            draw(
                st.lists(logits, min_size=size, max_size=size).filter(
                    lambda row: max(row) > -math.inf
                )
            )
            for _ in range(samples)
        ]
    )
    weights = st.floats(2.0**-20, 1, width=32)
    teacher = np.asarray(
        [draw(st.lists(weights, min_size=size, max_size=size)) for _ in range(samples)]
    )
    teacher = (teacher / teacher.sum(axis=-1, keepdims=True)).astype(dtype)
    places = np.asarray([draw(st.permutations(range(size)))[:number] for _ in range(samples)])
    target = np.take_along_axis(teacher, places, axis=-1)
    target_is = draw(st.sampled_from(["probabilities", "log_probabilities"]))
    target = np.log(target) if target_is == "log_probabilities" else target
    axis = draw(st.sampled_from([0, -1]))
    arrays = [one.T if axis == 0 else one for one in (drawn, places, target)]
    return SparseCall(
        *arrays,
        dtypes=(dtype, dtype),
        target_is=target_is,
        tail=draw(st.sampled_from(TAILS)),
        temperature=draw(st.sampled_from([0.5, 1.0, 3.7])),
        scale=draw(st.booleans()),
        axis=axis,
        block_bytes=draw(st.sampled_from([1 << 20, 64, 256])),
        threads=draw(st.integers(1, 3)),
    )


def rows(call: SparseCall) -> list[sparse.Row]:
    """Samples."""
    arrays = [np.moveaxis(one, call.axis, -1) for one in (call.input, call.indices, call.target)]
    dtype = call.dtypes[0]
    typed = arrays[0].astype(dtype).astype(float), arrays[1], arrays[2].astype(float)
    return [sparse.Row(*(one.tolist() for one in row)) for row in zip(*typed, strict=True)]


def is_decided(call: SparseCall) -> bool:
    """Whether there is a bucket beyond doubt, or none."""
    if call.tail != "bucket":
        return True
    totals = [
        math.fsum(row.target if call.target_is == "probabilities" else map(math.exp, row.target))
        for row in rows(call)
    ]
    return all(abs(1 - total) > 2.0**-18 or len(row.indices) == len(row.input)
               for total, row in zip(totals, rows(call), strict=True))  # fmt: skip


def exact_divergences(backend: Backend, call: SparseCall) -> np.ndarray:
    """Intervals of the divergence of each sample."""
    form = working_format(backend, call.dtypes)
    found = [sparse.sparse_sample(call.draft, row) for row in rows(call)]
    tiny = mpf(form.smallest_normal)
    exact = object_array([value for value, _ in found])
    reach = [finite(scale * mpf(form.eps)) + 100 * tiny for _, scale in found]
    assert not any(map(mp.isnan, exact))
    return intervals(exact, object_array(reach))
