"""Checks of a call: its value or derivatives, its type, and that it changes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from array_libraries import Backend, library
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import kldiv_xp
from fuzz import calls, linear_calls, logit_calls, sparse_calls, table_calls
from fuzz.formats import flushes, working_format
from fuzz.interval import differences
from fuzz.layouts import layouts
from generate import reference
from generate.reference import promoted
from kldiv_conformance._formats import FORMATS

Check = Callable[[Backend, Any], None]


def operands_of(backend: Backend, call: Any) -> list[Any]:
    """Arrays of the backend, in the layouts of the call."""
    made = []
    for values, dtype, layout in zip(
        (call.input, call.target), call.dtypes, call.layouts, strict=True
    ):
        array = backend.array(values, dtype)
        moved = layouts(backend)[layout](array)
        made.append(moved)
    return made


def mask_of(backend: Backend, call: Any) -> dict[str, Any]:
    """Option `where`, if there is a mask."""
    if call.where is None:
        return {}
    return {"where": backend.array(call.where) != 0}


@contextmanager
def shared(call: Any) -> Iterator[None]:
    """Blocks and threads of the call."""
    with (
        patch("kldiv_xp.host.blocks.BLOCK_BYTES", call.block_bytes),
        kldiv_xp.thread_limit(call.threads),
    ):
        yield


def run(backend: Backend, call: Any, function: Callable[..., Any], **options: Any) -> Any:
    """Result of a function, which must leave its operands as they are."""
    operands = operands_of(backend, call)
    before = [backend.read(operand).tobytes() for operand in operands]
    with shared(call):
        result = backend.call(function, *operands, **options | mask_of(backend, call))
    if isinstance(result, tuple):
        result, found = [backend.read(part) for part in result], result
    else:
        result, found = backend.read(result), result
    assert [backend.read(operand).tobytes() for operand in operands] == before, "operands changed"
    return found, result


def assert_within(
    backend: Backend, found: Any, values: np.ndarray, expected: np.ndarray, dtype: str
) -> None:
    """Fail with what is wrong with a result."""
    assert str(found.dtype).rpartition(".")[2] == dtype, f"{found.dtype} instead of {dtype}"
    values = np.asarray(values, dtype=np.float64)
    wrong = differences(values, expected, FORMATS[dtype], flushed=flushes(backend))
    assert not wrong, "\n".join(wrong)


def options_of(call: calls.Call) -> dict[str, Any]:
    """Options of kl_div and of its gradient."""
    return {"reduction": call.reduction, "log_target": call.log_target, "axis": call.axis}


def check_value(backend: Backend, call: calls.Call) -> None:
    """The loss."""
    found, values = run(backend, call, kldiv_xp.kl_div, **options_of(call))
    if calls.is_decided(backend, call):
        assert_within(
            backend, found, values, calls.exact_value(backend, call), promoted(*call.dtypes)
        )


def check_gradient(backend: Backend, call: calls.Call) -> None:
    """Both derivatives, in closed form."""
    found, values = run(backend, call, kldiv_xp.kl_div_gradient, **options_of(call))
    compare_derivatives(backend, call, found, values)


def check_autodiff(backend: Backend, call: calls.Call) -> None:
    """Both derivatives, as the library's own differentiation finds them.

    Its product with a derivative of a factor is NaN where that is 0 times NaN, of an input that is
    missing at a p of 0, and where it is infinity over infinity; closed forms are a number there.
    """
    derivatives = torch_derivatives if backend.library == "torch" else jax_derivatives
    found, values = run(backend, call, derivatives, **options_of(call))
    compare_derivatives(backend, call, found, values, may_be_missing(backend, call))


def may_be_missing(backend: Backend, call: calls.Call) -> np.ndarray:
    """Where a derivative by differentiation may be NaN instead of a number."""
    form = working_format(backend, call.dtypes)
    (p,) = calls.each(lambda _, t: reference.probability(t, call.log_target, form), call, 1)
    missing = calls.selected(call, np.isnan(call.input)).astype(bool)
    return (missing & (p == 0)) | (p == mp.inf)


def compare_derivatives(
    backend: Backend, call: calls.Call, found: Any, values: Any, free: Any = False
) -> None:
    """Fail with what is wrong with the derivatives, but for NaN where they are free to be that."""
    if not calls.is_decided(backend, call):
        return
    expected = calls.exact_derivatives(backend, call)
    for array, derivative, exact, dtype in zip(found, values, expected, call.dtypes, strict=True):
        closed = np.asarray([float(one.exact) for one in exact.flat]).reshape(exact.shape)
        judged = np.where(free & np.isnan(derivative), closed, derivative)
        assert_within(backend, array, judged, exact, dtype)


def torch_derivatives(input: Any, target: Any, **options: Any) -> tuple[Any, Any]:
    torch = library("torch")
    leaves = [array.detach().requires_grad_() for array in (input, target)]
    loss = kldiv_xp.kl_div(*leaves, **options)
    return torch.autograd.grad(loss, leaves, torch.ones_like(loss))


def jax_derivatives(input: Any, target: Any, **options: Any) -> tuple[Any, Any]:
    jax = library("jax")

    def loss(input: Any, target: Any) -> Any:
        return kldiv_xp.kl_div(input, target, **options)

    value, pullback = jax.vjp(loss, input, target)
    derivatives: tuple[Any, Any] = pullback(jax.numpy.ones_like(value))
    return derivatives


def check_logits(backend: Backend, call: logit_calls.LogitCall) -> None:
    """A divergence from logits."""
    options: dict[str, Any] = {
        "axis": call.axis,
        "reduction": call.reduction,
        "temperature": call.temperature,
        "scale_by_temperature_squared": call.scale,
    }
    kl = call.function == "kl_div_with_logits"
    options |= {"target_is": call.target_is} if kl else {"beta": call.beta}
    found, values = run(backend, call, getattr(kldiv_xp, call.function), **options)
    if logit_calls.is_decided(backend, call):
        expected = logit_calls.exact_divergences(backend, call)
        assert_within(backend, found, values, expected, promoted(*call.dtypes))


def check_sparse(backend: Backend, call: sparse_calls.SparseCall) -> None:
    """A divergence from a teacher known at some indices."""
    options = {
        "axis": call.axis,
        "reduction": "none",
        "temperature": call.temperature,
        "scale_by_temperature_squared": call.scale,
        "target_is": call.target_is,
        "tail": call.tail,
    }
    places = backend.make(call.indices, "int64")

    def divergence(input: Any, target: Any) -> Any:
        return kldiv_xp.sparse_kl_div_with_logits(input, places, target, **options)

    found, values = run(backend, call, divergence)
    if sparse_calls.is_decided(call):
        expected = sparse_calls.exact_divergences(backend, call)
        assert_within(backend, found, values, expected, promoted(*call.dtypes))


def check_tables(backend: Backend, call: table_calls.TableCall) -> None:
    """The divergence of two tables from their mixture."""
    options = {
        "axis": call.axis,
        "reduction": "none",
        "log_input": call.log_input,
        "log_target": call.log_target,
        "beta": call.beta,
    }
    found, values = run(backend, call, kldiv_xp.js_div, **options)
    expected = table_calls.exact_divergences(backend, call)
    assert_within(backend, found, values, expected, promoted(*call.dtypes))


def check_linear(backend: Backend, call: linear_calls.LinearCall) -> None:
    """A divergence of logits that are made of hidden states."""
    options: dict[str, Any] = {
        "reduction": "none",
        "temperature": call.temperature,
        "scale_by_temperature_squared": call.scale,
        "target_is": call.target_is,
        "tail": call.tail,
        "beta": call.beta,
        "bias": backend.array(call.bias, call.dtypes[0]),
    }
    if call.indices is not None:
        options["indices"] = backend.make(call.indices, "int64")
    weight = backend.array(call.weight, call.dtypes[0])

    def divergence(input: Any, target: Any) -> Any:
        return kldiv_xp.linear_kl_div(input, weight, target, **options)

    with patch("kldiv_xp.core.evaluate_linear.BYTES_OF_LOGITS", call.block_bytes):
        found, values = run(backend, call, divergence)
    expected = linear_calls.exact_divergences(backend, call)
    assert_within(backend, found, values, expected, promoted(*call.dtypes))


CHECKS: dict[str, tuple[Check, Callable[[Backend], st.SearchStrategy[Any]]]] = {
    "value": (check_value, calls.calls),
    "gradient": (check_gradient, calls.calls),
    "autodiff": (check_autodiff, calls.calls),
    "logits": (check_logits, logit_calls.logit_calls),
    "sparse": (check_sparse, sparse_calls.sparse_calls),
    "tables": (check_tables, table_calls.table_calls),
    "linear": (check_linear, linear_calls.linear_calls),
}


def applies(name: str, backend: Backend) -> bool:
    """Whether a backend can be checked in this way, in a time that is worth it."""
    if backend.name == "torch-compile" and name in {"tables", "linear"}:
        return False  # it compiles for every shape: 15 examples took 25 s and 17 s
    return name != "autodiff" or backend.name in {"torch", "jax", "jax-jit"}


def property_of(name: str, backend: Backend) -> Callable[[], None]:
    """Hypothesis test of one check on one backend, under the profile that is loaded."""
    check, strategy = CHECKS[name]

    @given(call=strategy(backend))
    def holds(call: Any) -> None:
        with mp.workdps(50):
            check(backend, call)

    return holds
