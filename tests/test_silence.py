"""No loss lets a warning of its arithmetic out, whatever it is given and whoever computes."""

import itertools
import warnings
from functools import partial

import numpy as np
import pytest
from conftest import usable

from kldiv_xp import (
    KLDivLoss,
    KLDivWarning,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)

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


def calls_of_losses(shape):
    """Functions (input, target, mask) by what they call."""
    options = itertools.product(
        ("none", "mean", "sum", "batchmean"), (None, -1), (False, True), (None, *masks(shape))
    )
    for reduction, axis, log_target, mask in options:
        given = {"reduction": reduction, "axis": axis, "log_target": log_target}
        for loss in (kl_div, kl_div_gradient, partial(of_module, KLDivLoss)):
            yield partial(loss, **given), mask, shape


def of_module(module, input, target, where=None, **options):
    return module(**options)(input, target, **({} if where is None else {"where": where}))


def calls_of_divergences(shape):
    """The same of the losses of logits."""
    if shape[-1] == 0:
        return
    rows = (*shape[:-1], 1)
    options = itertools.product(
        ("none", "mean", "sum", "batchmean"),
        (1.0, 1e25, 1e150, 1e-160),
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


@pytest.fixture(params=["raise", "call"])
def alarm(request):
    """Any error of floating-point numbers, and any warning, is raised: in this thread."""

    def called(kind, flag):
        raise FloatingPointError(kind, flag)

    with warnings.catch_warnings(), np.errstate(all=request.param, call=called):
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", KLDivWarning)  # of 'mean', by its name
        yield


NAMES = list(data("float32"))
LIBRARIES = ["numpy", "numpy-longdouble", "dask", "array-api-strict", "torch", "jax"]
# One of so many calls: each name and each dtype has others. The numbers have no common divisor with
# those of the options.
STEPS = {"numpy": 1, "array-api-strict": 5, "torch": 5, "dask": 29, "jax": 29}


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("calls", [calls_of_losses, calls_of_divergences])
@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_losses_are_silent(library, name, dtype, calls):
    library, _, wide = library.partition("-long")
    backend = usable(library)
    if dtype not in backend.dtypes:
        pytest.skip(f"{library} has no {dtype}")
    with np.errstate(all="ignore"):
        operands = [backend.array(one, dtype) for one in data(dtype)[name]]
        if wide:
            operands = [one.astype(np.longdouble) for one in operands]
    start = NAMES.index(name) + list(LIMITS).index(dtype)
    for call, mask, shape in itertools.islice(
        calls(operands[0].shape), start, None, STEPS[library]
    ):
        where = {} if mask is None else {"where": mask_of(backend, masks(shape)[mask])}
        finish(backend, call(*operands, **where))


def mask_of(backend, mask):
    if backend.library == "dask.array":
        import dask.array as da

        return da.from_array(mask, chunks=tuple(max(1, size // 2) for size in mask.shape))
    return backend.array(mask, "bool")
