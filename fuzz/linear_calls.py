"""Calls with hidden states: what is drawn, and what is exactly right."""

from dataclasses import dataclass

import numpy as np
from array_libraries import Backend
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from mpmath import mp, mpf

from fuzz.calls import intervals
from fuzz.formats import working_format
from fuzz.logit_calls import finite, object_array
from generate.linear import Sample, linear_sample
from generate.linear_draft import LinearDraft

TAILS = ("bucket", "renormalize", "zero")


@dataclass(frozen=True)
class LinearCall:
    """Operands, options, and how the work is cut and shared.

    There are indices, or the target has logits of the whole vocabulary.
    """

    input: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    target: np.ndarray
    indices: np.ndarray | None
    dtypes: tuple[str, str]
    tail: str
    beta: float
    temperature: float
    scale: bool
    block_bytes: int
    threads: int
    layouts: tuple[str, str] = ("as it is", "as it is")
    where: None = None

    @property
    def target_is(self) -> str:
        """Kind of the target."""
        return "logits" if self.indices is None else "probabilities"

    @property
    def draft(self) -> LinearDraft:
        """The options, as the generator of vectors takes them."""
        return LinearDraft(
            comment="",
            flags=(),
            input=(),
            target=(),
            weight=tuple(self.weight.astype(float).ravel().tolist()),
            weight_shape=self.weight.shape,
            bias=tuple(self.bias.astype(float).tolist()),
            temperature=self.temperature,
            scale=self.scale,
            beta=self.beta,
            target_is=self.target_is,
            tail=self.tail,
        )


@st.composite
def linear_calls(draw: st.DrawFn, backend: Backend) -> LinearCall:
    """Hidden states, a layer, and a teacher that is known everywhere or at some indices."""
    samples, width, size = (draw(st.integers(1, most)) for most in (5, 6, 9))
    dtype = draw(st.sampled_from([one for one in backend.dtypes if "16" not in one]))
    numbers = st.floats(-4, 4, width=32)

    def drawn(*shape: int) -> np.ndarray:
        return draw(npst.arrays("float64", shape, elements=numbers)).astype(dtype)

    target, indices = drawn(samples, size), None
    if draw(st.booleans()):
        number = draw(st.integers(1, size))
        places = [draw(st.permutations(range(size)))[:number] for _ in range(samples)]
        indices = np.asarray(places)
        weights = np.exp(target - target.max(axis=-1, keepdims=True)).astype(float)
        teacher = weights / (weights.sum(axis=-1, keepdims=True) * 1.25)
        target = np.take_along_axis(teacher.astype(dtype), indices, axis=-1)
    return LinearCall(
        drawn(samples, width),
        drawn(size, width),
        drawn(size),
        target,
        indices,
        dtypes=(dtype, dtype),
        tail=draw(st.sampled_from(TAILS)) if indices is not None else "bucket",
        beta=draw(st.sampled_from([0.0, 0.3, 1.0])) if indices is None else 0.0,
        temperature=draw(st.sampled_from([0.5, 1.0, 3.7])),
        scale=draw(st.booleans()),
        block_bytes=draw(st.sampled_from([1 << 23, 64, 256])),
        threads=draw(st.integers(1, 3)),
    )


def exact_divergences(backend: Backend, call: LinearCall) -> np.ndarray:
    """Intervals of the divergence of each sample."""
    form, draft = working_format(backend, call.dtypes), call.draft
    exact, reach = [], []
    for place, hidden in enumerate(call.input.astype(float).tolist()):
        indices = [] if call.indices is None else call.indices[place].tolist()
        target = call.target[place].astype(float).tolist()
        value, scale = linear_sample(draft, Sample(hidden, target, indices))
        exact.append(value)
        reach.append(finite(scale * mpf(form.eps)) + 100 * mpf(form.smallest_normal))
    assert not any(map(mp.isnan, exact))
    return intervals(object_array(exact), object_array(reach))
