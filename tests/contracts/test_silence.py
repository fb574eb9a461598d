"""No loss lets a warning of its arithmetic out, whatever it is given and whoever computes."""

import itertools
import threading
import warnings
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from array_libraries import BACKENDS
from conftest import usable

from kldiv_xp import (
    KLDivLoss,
    KLDivWarning,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)
from kldiv_xp.host import blocks

INF = np.inf
SHAPE = (4, 3)
# Values in the middle of a type's range come from its largest and its smallest number.
LIMITS = {
    "float16": (6e4, 6e-8),
    "bfloat16": (3e38, 1e-40),
    "float32": (3e38, 1e-45),
    "float64": (1.5e308, 5e-324),
}


def data(dtype):
    """Operands by name: (input, target)."""
    large, tiny = LIMITS[dtype]
    full = partial(np.full, SHAPE)
    mixed = np.asarray([[0.0, INF, -INF], [1, np.nan, 0], [INF, INF, -INF], [-0.0, -1, large]])
    return {
        "sums that overflow": (full(-large), full(0.9)),
        "terms that overflow": (full(-large), full(large)),
        "terms and sums of both signs": (
            np.tile([[-large], [large]], (2, 3)),
            np.tile([[0.9], [0.8]], (2, 3)),
        ),
        "zeros": (full(0.0), full(0.0)),
        "zeros and infinities": (full(-INF), np.tile([0.0, 1.0, -0.0], (4, 1))),
        "infinities": (np.tile([-INF, INF, 0.0], (4, 1)), np.tile([INF, INF, -INF], (4, 1))),
        "all that is special": (mixed, mixed[::-1].copy()),
        "subnormal": (full(-tiny), np.tile([tiny, 1.0, tiny], (4, 1))),
        "no sample": (np.ones((0, 3)), np.ones((0, 3))),
        "no entry": (np.ones((4, 0)), np.ones((4, 0))),
    }


def masks(shape):
    return {"all": np.ones(shape, bool), "none": np.zeros(shape, bool), "some": some(shape)}


def some(shape):
    return np.arange(int(np.prod(shape))).reshape(shape) % 2 == 0


def calls_of_losses(shape, _):
    """Functions (input, target, mask) by what they call, for a dtype."""
    options = itertools.product(
        ("none", "mean", "sum", "batchmean"), (None, -1), (False, True), (None, *masks(shape))
    )
    for reduction, axis, log_target, mask in options:
        given = {"reduction": reduction, "axis": axis, "log_target": log_target}
        for loss in (kl_div, kl_div_gradient, partial(of_module, KLDivLoss)):
            yield partial(loss, **given), mask, shape


def of_module(module, input, target, where=None, **options):
    return module(**options)(input, target, **({} if where is None else {"where": where}))


def calls_of_divergences(shape, dtype):
    """The same of the losses of logits."""
    if shape[-1] == 0:
        return
    rows = (*shape[:-1], 1)
    least = 1e-160 if dtype == "float64" else 1e-38  # float32 does not hold its reciprocal
    options = itertools.product(
        ("none", "mean", "sum", "batchmean"),
        (1.0, 1e25, 1e150, least),
        (None, *masks(rows)),
    )
    for reduction, temperature, mask in options:
        given = {"reduction": reduction, "temperature": temperature}
        for kind in ("logits", "probabilities", "log_probabilities"):
            yield partial(kl_div_with_logits, target_is=kind, **given), mask, rows
        for beta in (0, 0.5, 1):
            scaled = {"scale_by_temperature_squared": True}
            yield partial(js_div_with_logits, beta=beta, **scaled, **given), mask, rows


def finish(backend, result):
    """Values of one result or several, also where they are computed only now."""
    for one in result if isinstance(result, tuple) else (result,):
        backend.read(one)


@contextmanager
def alarm(how):
    """Any error of floating-point numbers, and any warning, is raised: in this thread."""

    def called(kind, flag):
        raise FloatingPointError(kind, flag)

    with warnings.catch_warnings(), np.errstate(all=how, call=called):
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", KLDivWarning)  # of 'mean', by its name
        yield


# How NumPy raises an alarm, and one of how many calls is made; each name and each dtype has others.
# The numbers have no common divisor with those of the options.
LIBRARIES = {
    "numpy": ("raise", 1),
    "numpy-called": ("call", 5),
    "numpy-longdouble": ("raise", 5),
    "array-api-strict": ("raise", 5),
    "torch": ("raise", 5),
    "dask": ("raise", 29),
    "jax": ("raise", 53),
}
NAMES = list(data("float32"))
CASES = [
    (library, name, dtype)
    for library in LIBRARIES
    for dtype in BACKENDS[library.removesuffix("-called").removesuffix("-longdouble")].dtypes
    for name in NAMES
]


@pytest.mark.few(5, 15)
@pytest.mark.parametrize("calls", [calls_of_losses, calls_of_divergences])
@pytest.mark.parametrize(("library", "name", "dtype"), CASES)
def test_losses_are_silent(library, name, dtype, calls):
    how, step = LIBRARIES[library]
    backend = usable(library.removesuffix("-called").removesuffix("-longdouble"))
    with np.errstate(all="ignore"):
        operands = [backend.array(one, dtype) for one in data(dtype)[name]]
        if library == "numpy-longdouble":
            operands = [one.astype(np.longdouble) for one in operands]
    start = NAMES.index(name) + list(LIMITS).index(dtype)
    with alarm(how):
        for call, mask, shape in itertools.islice(
            calls(operands[0].shape, dtype), start, None, step
        ):
            where = {} if mask is None else {"where": mask_of(backend, masks(shape)[mask])}
            finish(backend, call(*operands, **where))


def mask_of(backend, mask):
    if backend.library == "dask.array":
        return in_chunks(mask)
    return backend.array(mask, "bool")


def in_chunks(array):
    """Array of Dask, in several chunks along each axis."""
    import dask.array as da

    return da.from_array(array, chunks=tuple(max(1, size // 2) for size in array.shape))


# What Dask computes when nobody is there any more to silence it.

LATER = {
    "mean of a mask": lambda x, p, mask: kl_div(x, p, reduction="mean", where=mask),
    "mean of masked rows": lambda x, p, mask: kl_div(
        x, p, reduction="mean", axis=-1, where=mask[:, :1]
    ),
    "rows": lambda x, p, _: kl_div(x, p, reduction="none", axis=-1),
    "sum of rows": lambda x, p, _: kl_div(x, p, reduction="sum", axis=-1),
    "gradient of a masked mean": lambda x, p, mask: kl_div_gradient(
        x, p, reduction="mean", where=mask, upstream=6e4
    )[1],
    "logits": lambda x, p, _: kl_div_with_logits(x, p, target_is="probabilities", reduction="sum"),
    "rows of logits": lambda x, p, _: kl_div_with_logits(x, p, temperature=300.0, reduction="none"),
    "masked logits": lambda x, p, mask: js_div_with_logits(
        x,
        p,
        temperature=1e6,
        scale_by_temperature_squared=True,
        reduction="mean",
        where=mask[:, :1],
    ),
}


@pytest.mark.few(1, 15)
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("name", LATER)
def test_what_overflows_in_a_worker_is_silent(name, scheduler):
    usable("dask")
    x, p = np.full((6, 4), -6e4, "float16"), np.full((6, 4), 6e4, "float16")
    x[:, ::2] = 6e4
    p[:, :2] = 0.5
    operands = map(in_chunks, (x, p, np.ones((6, 4), bool)))
    with alarm("raise"):
        result = LATER[name](*operands)
        assert result.dtype == "float16"
        result.compute(scheduler=scheduler)


def test_threads_that_raise_what_numpy_finds_find_nothing():
    x, p = np.full((4, 3), -3e38, "float32"), np.full((4, 3), 0.9, "float32")
    failures = []

    def call():
        np.seterr(all="raise")
        try:
            for loss in (kl_div, kl_div_gradient, kl_div_with_logits, js_div_with_logits):
                loss(x, p, reduction="sum")
        except FloatingPointError as failure:
            failures.append(failure)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert not failures


@pytest.mark.parametrize("library", ["numpy", "torch", "dask"])
@pytest.mark.parametrize("block", [1 << 12, 1 << 20])
@pytest.mark.parametrize("kind", ["overflow", "both infinities"])
def test_sums_of_long_rows_are_silent(monkeypatch, library, block, kind):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block)
    backend = usable(library)
    p, x = np.full((2, 10_000), 1e33), np.full((2, 10_000), -1.0)
    if kind == "both infinities":
        p[:] = 0.5
        x[:, 0], x[:, -1] = -INF, INF
    operands = [backend.array(one, "float32") for one in (x, p)]
    with alarm("raise"):
        found = [
            kl_div(*operands, reduction="none", axis=-1),
            kl_div(*operands, reduction="sum"),
            kl_div_with_logits(*operands, target_is="probabilities", reduction="none"),
        ]
        values = np.concatenate([backend.read(one).reshape(-1) for one in found])
    np.testing.assert_array_equal(values[:3], INF if kind == "overflow" else np.nan)
    assert not np.isfinite(values).any()
