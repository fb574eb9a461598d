"""Gradients in closed form of sparse teachers and of hidden states, on every backend."""

import tracemalloc
from functools import cache

import numpy as np
import pytest
from api.linear_heads import BIAS, HIDDEN, TARGET, TARGET_BIAS, TARGET_WEIGHT, TEACHER, WEIGHT
from api.logits import log_softmax
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    linear_kl_div,
    linear_kl_div_gradient,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)

pytestmark = pytest.mark.usefixtures("small_blocks")

SPARSE = sparse_kl_div_with_logits, sparse_kl_div_with_logits_gradient
LINEAR = linear_kl_div, linear_kl_div_gradient
RNG = np.random.default_rng(12)
SELECTED = np.asarray([[True, False, True], [True, True, False]])
WEIGHTS = RNG.normal(size=(2, 3))
PLACES = np.argsort(-TARGET, axis=-1)[..., :3].copy()
LOG_P = np.take_along_axis(log_softmax(TARGET), PLACES, -1)
LOGITS = HIDDEN @ WEIGHT.T
KNOWN = {"input": LOGITS, "indices": PLACES, "target": LOG_P}
ACROSS = {name: np.moveaxis(one, -1, 0).copy() for name, one in KNOWN.items()}
STATES = {"input": HIDDEN, "weight": WEIGHT, "target": TARGET, "bias": BIAS}
TWO_HEADS = {
    "input": HIDDEN,
    "weight": WEIGHT,
    "target": TEACHER,
    "target_weight": TARGET_WEIGHT,
    "target_bias": TARGET_BIAS,
}
IN_PART = {**STATES, "target": LOG_P, "indices": PLACES}
HOT = {"temperature": 2.0}
CASES = {
    "bucket": (SPARSE, KNOWN, {}),
    "bucket, masked mean": (SPARSE, KNOWN, {**HOT, "reduction": "mean"}),
    "zero, along the first axis": (SPARSE, ACROSS, {"tail": "zero", "axis": 0, "reduction": "sum"}),
    "renormalised logits": (
        SPARSE, KNOWN, {"tail": "renormalize", "target_is": "logits", "reduction": "none", **HOT}
    ),
    "probabilities, unscaled": (
        SPARSE, {**KNOWN, "target": np.exp(LOG_P)},
        {"target_is": "probabilities", "scale_by_temperature_squared": False, **HOT},
    ),
    "two layers": (LINEAR, TWO_HEADS, {**HOT, "reduction": "mean"}),
    "a bias, masked mean": (LINEAR, STATES, {**HOT, "reduction": "mean"}),
    "a mixture": (LINEAR, STATES, {"beta": 0.3, "reduction": "none"}),
    "a teacher in part, masked": (
        LINEAR, IN_PART, {"target_is": "log_probabilities", "reduction": "none", **HOT}
    ),
}  # fmt: skip
EVERY_CASE = pytest.mark.parametrize("name", CASES)


def learned(loss, operands):
    """Names of the operands that there are derivatives of."""
    names = ("input", "target") if loss is sparse_kl_div_with_logits else ("input", "weight")
    return names + (("bias",) if "bias" in operands else ())


@cache
def expected(name):
    """Differences of the loss on both sides of every element."""
    (loss, _), operands, options = CASES[name]
    where = {"where": SELECTED} if "masked" in name else {}
    weights = WEIGHTS if options.get("reduction") == "none" else 1.0

    def value(which, place, step):
        changed = operands[which].copy()
        changed[place] += step
        return np.sum(loss(**{**operands, which: changed}, **where, **options) * weights)

    derivatives = []
    for which in learned(loss, operands):
        derivative = np.empty_like(operands[which])
        for place in np.ndindex(derivative.shape):
            derivative[place] = (value(which, place, 1e-5) - value(which, place, -1e-5)) / 2e-5
        derivatives.append(derivative)
    return loss(**operands, **where, **options), derivatives


def arrays_of(backend, operands):
    """Operands of a backend, in order; indices are integers."""
    return [
        backend.make(one, "int64") if name == "indices" else backend.array(one)
        for name, one in operands.items()
    ]


@pytest.mark.few(8, 37)
@EVERY_CASE
def test_gradient_is_that_of_small_differences_and_the_value_that_of_the_loss(backend, name):
    (_, gradient), operands, options = CASES[name]

    def both(mask, upstream, *arrays):
        more = dict(zip(operands, arrays, strict=True))
        more |= {"where": mask} if "masked" in name else {}
        more |= {"upstream": upstream} if options.get("reduction") == "none" else {}
        return gradient(**more, return_value=True, **options)

    mask = backend.array(SELECTED * 1.0) != 0
    arrays = arrays_of(backend, operands)
    value, *derivatives = backend.call(both, mask, backend.array(WEIGHTS), *arrays)
    exact, differences = expected(name)
    assert_allclose(backend.read(value), exact, rtol=1e-12)
    if gradient is linear_kl_div_gradient and "bias" not in operands:
        assert derivatives.pop() is None
    for derivative, other in zip(derivatives, differences, strict=True):
        assert_allclose(backend.read(derivative), other, rtol=1e-6, atol=1e-8)


@pytest.mark.few(23, 22)
@EVERY_CASE
def test_what_is_not_selected_has_a_gradient_of_exactly_0_whatever_it_holds(holding_backend, name):
    backend = holding_backend
    (_, gradient), operands, options = CASES[name]
    if operands is ACROSS:
        return
    mask = SELECTED[..., None]
    spoiled = {
        key: np.where(mask, one, -1 if key == "indices" else np.nan)
        if key in ("input", "indices", "target")
        else one
        for key, one in operands.items()
    }
    if backend.library != "numpy":  # elsewhere a gather may read what an index names
        spoiled["indices"] = operands.get("indices")
        spoiled = {key: one for key, one in spoiled.items() if one is not None}
    arrays = dict(zip(spoiled, arrays_of(backend, spoiled), strict=True))
    clean = dict(zip(operands, arrays_of(backend, operands), strict=True))
    options = options | {"where": backend.array(SELECTED * 1.0) != 0}
    found, wanted = gradient(**arrays, **options), gradient(**clean, **options)
    for derivative, other in zip(found, wanted, strict=True):
        if derivative is not None:
            assert_array_equal(backend.read(derivative), backend.read(other))
    assert_array_equal(backend.read(found[0])[~SELECTED], 0)


def test_each_derivative_has_the_type_of_its_operand_and_the_loss_that_which_is_asked(backend):
    places, wide = backend.make(PLACES, "int64"), backend.array(0.0).dtype
    options = {"return_value": True, "dtype": wide}
    for dtype in {"float32", *backend.dtypes} & {"float32", *HALF}:
        x, t = backend.make(LOGITS, dtype), backend.make(LOG_P, "float32")
        hidden, weight = backend.make(HIDDEN, dtype), backend.make(WEIGHT, "float32")
        target = backend.make(TARGET, dtype)
        sparse = backend.call(lambda *a: SPARSE[1](*a, **options), x, places, t)
        linear = backend.call(lambda *a: LINEAR[1](*a, **options), hidden, weight, target)
        assert [one.dtype for one in sparse] == [wide, x.dtype, t.dtype]
        assert [one.dtype for one in linear[:3]] == [wide, hidden.dtype, weight.dtype]


def test_a_temperature_of_sparse_teachers_may_be_an_array(backend):
    x, places, t = arrays_of(backend, KNOWN)
    for scaled in (True, False):
        options = {"scale_by_temperature_squared": scaled, "tail": "renormalize"}

        def at(x, places, t, temperature, options=options):
            both = {**options, "temperature": temperature, "return_value": True}
            logits = SPARSE[1](x, places, t, target_is="logits", **both)
            return *SPARSE[1](x, places, t, **both), *logits

        found = backend.call(at, x, places, t, backend.array(2.5))
        for one, other in zip(found, at(LOGITS, PLACES, LOG_P, 2.5), strict=True):
            assert_allclose(backend.read(one), other, rtol=1e-11, atol=1e-14)


@pytest.mark.few(1)
def test_a_narrow_type_loses_no_derivative_of_many_tokens(holding_backend):
    backend = holding_backend
    dtype = "float16" if "float16" in backend.dtypes else "float32"
    many = 4096
    arrays = [
        backend.make(np.tile(one, (many // 6 + 1, 1))[:many], dtype)
        for one in (HIDDEN.reshape(-1, 5), TARGET.reshape(-1, 7))
    ]
    hidden, target = (np.asarray(backend.read(one), dtype=float) for one in arrays)
    head = backend.make(WEIGHT, dtype)
    _, found, _ = linear_kl_div_gradient(arrays[0], head, arrays[1], reduction="mean")
    weight = np.asarray(backend.read(head), dtype=float)
    _, exact, _ = linear_kl_div_gradient(hidden, weight, target, reduction="mean")
    assert np.abs(backend.read(found) - exact).max() < 3e-3 * np.abs(exact).max()


@pytest.mark.long
def test_numpy_holds_a_few_blocks_and_the_gradient():
    hidden, weight = np.ones((600, 8), "f4"), np.ones((300, 8), "f4")
    call = {"target_weight": weight, "return_value": True}
    linear_kl_div_gradient(hidden, weight, hidden, **call)  # modules and code are memory, too
    tracemalloc.start()
    linear_kl_div_gradient(hidden, weight, hidden, **call)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 600 * 300 * 4 / 3


@pytest.mark.parametrize("names", [("bucket", 3), ("a bias, masked mean", 4)])
def test_modes_of_torch_see_one_call(names):
    usable("torch")
    torch = library("torch")
    (_, gradient), operands, _ = CASES[names[0]]
    arrays = [torch.tensor(one) for one in operands.values()][:3]
    seen = []

    class Seen(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            seen.append((function, kwargs))
            return function(*args, **(kwargs or {}))

    with Seen():
        found = gradient(*arrays, upstream=2.0, reduction="sum")
    ((function, kwargs),) = seen
    assert function is gradient
    assert {key: one for key, one in kwargs.items() if key != "target"} == {
        "upstream": 2.0, "reduction": "sum",
    }  # fmt: skip
    assert len(found) == names[1] - 1


def test_torch_differentiates_the_gradient_where_it_must():
    usable("torch")
    torch = library("torch")
    for (_, gradient), operands, options in (CASES["bucket"], CASES["a bias, masked mean"]):
        arrays = [torch.tensor(one) for one in operands.values()][:3]
        arrays[0].requires_grad_()

        def of(x, gradient=gradient, others=arrays[1:], options=options):
            return gradient(x, *others, **options)[0]

        assert torch.autograd.gradcheck(of, (arrays[0],))
