"""Calls of the divergences from logits: what is drawn, and what is exactly right."""

import math
from dataclasses import dataclass

import numpy as np
from array_libraries import Backend
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from mpmath import mp, mpf

from fuzz.calls import intervals
from fuzz.formats import working_format
from fuzz.layouts import layouts
from fuzz.numbers import operands, pairs_of_dtypes, shapes
from generate import bounds, logits, reference
from generate.logits_draft import LogitsDraft
from kldiv_conformance._formats import Format

KINDS = {"logits": "logits", "probabilities": "p", "log_probabilities": "log p"}


@dataclass(frozen=True)
class LogitCall:
    """Operands, options, and how the work is cut and shared."""

    input: np.ndarray
    target: np.ndarray
    dtypes: tuple[str, str]
    layouts: tuple[str, str]
    function: str
    target_is: str
    beta: float
    temperature: float
    scale: bool
    reduction: str
    axis: int
    where: np.ndarray | None
    block_bytes: int
    threads: int

    @property
    def draft(self) -> LogitsDraft:
        """The options, as the generator of vectors takes them."""
        return LogitsDraft(
            comment="",
            flags=(),
            input=(),
            target=(),
            function=self.function,
            temperature=self.temperature,
            scale=self.scale,
            beta=self.beta,
            target_is=self.target_is,
        )


@st.composite
def logit_calls(draw: st.DrawFn, backend: Backend) -> LogitCall:
    """Any call of a backend whose samples have elements."""
    shape = draw(shapes(backend, least=1).filter(any))
    axis = draw(st.sampled_from([place for place, size in enumerate(shape) if size]))
    samples = tuple(1 if place == axis else size for place, size in enumerate(shape))
    function = draw(st.sampled_from(["kl_div_with_logits", "js_div_with_logits"]))
    target_is = draw(st.sampled_from(sorted(KINDS))) if function.startswith("kl") else "logits"
    dtypes = draw(pairs_of_dtypes(backend))
    pair = draw(operands(backend, shape, dtypes, ("logits", KINDS[target_is])))
    layout = st.sampled_from(sorted(layouts(backend)))
    return LogitCall(
        *pair,
        dtypes=dtypes,
        layouts=(draw(layout), draw(layout)),
        function=function,
        target_is=target_is,
        beta=draw(st.sampled_from([0.0, 0.1, 0.5, 0.75, 1.0])),
        temperature=draw(st.sampled_from([0.5, 1.0, 2.0, 3.7, 10.0])),
        scale=draw(st.booleans()),
        reduction=draw(st.sampled_from(["none", "mean", "sum", "batchmean"])),
        axis=draw(st.sampled_from([axis, axis - len(shape)])),
        where=draw(st.none() | npst.arrays(bool, samples)),
        block_bytes=draw(st.sampled_from([1 << 20, 8, 16, 64, 256])),
        threads=draw(st.integers(1, 3)),
    )


def rows(call: LogitCall) -> list[tuple[list[float], list[float], bool]]:
    """Samples of input and of target, and whether they are selected."""
    size = call.input.shape[call.axis]
    left, right = (
        np.moveaxis(array, call.axis, -1).reshape(-1, size).tolist()
        for array in (call.input, call.target)
    )
    chosen = [True] * len(left) if call.where is None else call.where.ravel().tolist()
    return list(zip(left, right, chosen, strict=True))


def exact_divergences(backend: Backend, call: LogitCall) -> np.ndarray:
    """Intervals of the divergence."""
    form = working_format(backend, call.dtypes)
    shape = np.moveaxis(call.input, call.axis, -1).shape[:-1]
    found = [of_row(call, *row, form) for row in rows(call)]
    exact, reach = (object_array([pair[side] for pair in found]) for side in (0, 1))
    if call.reduction == "none":
        return intervals(exact.reshape(shape), reach.reshape(shape))
    count = len(found) if call.where is None else max(1, int(call.where.sum()))
    parts = mpf(count) if call.reduction == "mean" else mpf(1)
    if (call.reduction == "mean" and call.where is None) or call.reduction == "batchmean":
        parts = reference.divisor(call.reduction, shape)
    sums = (mpf(count) / 2 + bounds.DIVISION) * mp.fsum(map(abs, exact)) * mpf(form.eps)
    return intervals(mp.fsum(exact) / parts, (mp.fsum(reach) + finite(sums)) / parts)


def of_row(
    call: LogitCall, input: list[float], target: list[float], chosen: bool, form: Format
) -> tuple[mpf, mpf]:
    """Exact divergence of a sample, and how far a correct result may be off; 0 if left out."""
    if not chosen:
        return mpf(0), mpf(0)
    q, p = distributions(call, input, target)
    # A target of 0 hides no NaN, and there is no logarithm of less than 0.
    wrong = call.target_is == "probabilities" and min(target) < 0
    if wrong or any(map(mp.isnan, q.log_p + p.log_p)):
        return mp.nan, mpf(0)
    exact, scale = logits.sample(call.draft, input, target)
    if scale == 0:
        return exact, mpf(0)
    factor = mpf(call.temperature) ** 2 if call.scale else mpf(1)
    sizes = sum(abs(log) for log in q.log_p + p.log_p if mp.isfinite(log))
    lost = (2 + bounds.LIBRARY_ULP * sizes) * len(input) * mpf(form.smallest_subnormal) * factor
    return exact, finite(scale * mpf(form.eps)) + lost


def distributions(
    call: LogitCall, input: list[float], target: list[float]
) -> tuple[logits.Distribution, logits.Distribution]:
    """Distributions of a sample, q and p."""
    q = logits.softmax(input, call.temperature)
    if call.target_is == "logits":
        return q, logits.softmax(target, call.temperature)
    if call.target_is == "probabilities":
        target = [abs(value) for value in target]
    return q, logits.given(target, call.target_is)


def finite(number: mpf) -> mpf:
    """The number, or 0 where there is nothing to round."""
    return number if mp.isfinite(number) else mpf(0)


def object_array(numbers: list[mpf]) -> np.ndarray:
    """Array of numbers, also of none."""
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array


def is_decided(backend: Backend, call: LogitCall) -> bool:
    """Whether rounding cannot make it another case: a weight be 0 or not, a sum overflow or not."""
    form = working_format(backend, call.dtypes)
    return all(row_is_decided(call, *row, form) for row in rows(call))


def row_is_decided(
    call: LogitCall, input: list[float], target: list[float], _: bool, form: Format
) -> bool:
    """The same of one sample."""
    edge, large = 64 * mpf(form.smallest_normal), mpf(form.largest) / 64
    if any(large < abs(value) < math.inf for value in input + target):
        return False
    q, p = distributions(call, input, target)
    for weights, logs in ((p.p, q.log_p), (q.p, p.log_p)):
        for weight, log in zip(weights, logs, strict=True):
            if 0 < weight < edge and mp.isinf(log):
                return False
            if mp.isfinite(weight) and weight * (1 + finite(abs(log))) > large:
                return False
    return True
