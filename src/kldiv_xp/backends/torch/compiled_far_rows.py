"""Logits in host memory under torch.compile, without the compiled loops: most rows in the graph.

Inductor makes one loop of the form of rows that differ; an operator computes those that are NaN by
it.  512 x 32000 float32 of rows that differ, on two cores, beside compiled log_softmax + F.kl_div,
the least of three runs: KL takes 0.5 times as long, with backward 0.9, Jensen-Shannon 0.4 and 0.6.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import eager_logits
from kldiv_xp.backends.torch.linear_blocks import rows_of_block
from kldiv_xp.backends.torch.operator_options import dense_divergence_of
from kldiv_xp.core.context import plain_context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_rows import derivatives_by, rows_by
from kldiv_xp.core.namespaces import constant_in_traces
from kldiv_xp.core.run import run
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.kl_of_logits import forms_without_a_look
from kldiv_xp.formula.logits import JS, KL, Divergence
from kldiv_xp.formula.open_numbers import OpenNumbers
from kldiv_xp.fused.choice import ROW_ELEMENTS_WORTH_IT, engine_for


@constant_in_traces
def has_loops() -> bool:
    """Whether compiled loops compute long rows."""
    return engine_for(ROW_ELEMENTS_WORTH_IT, ROW_ELEMENTS_WORTH_IT) is not None


def rows_in_graph(arrays: Arrays, options: tuple[Any, ...]) -> Array | None:
    """Divergence of every row; None where an operator alone is quicker."""
    divergence = dense_divergence_of(None, *options)
    if not gains(arrays, divergence):
        return None
    function = partial(rows_by, with_exact_sums(value_of_most(divergence)), divergence)
    working = plain_context(*arrays[:2]).working
    rows = run(function, working, working, *arrays)
    return filled_rows(rows, *arrays[:2], *options)


def input_derivative_in_graph(
    arrays: Arrays, upstream: Array, options: tuple[Any, ...]
) -> Array | None:
    """Gradient with respect to the input; None where an operator alone is quicker."""
    divergence = dense_divergence_of(None, *options)
    form = derivative_of_most(divergence)
    if form is None or not gains(arrays, divergence):
        return None
    x, t, *mask = arrays
    function = partial(derivatives_by, with_exact_sums(form), divergence)
    working = plain_context(x, t).working
    derivative = run(function, working, native(x.dtype), x, t, upstream.unsqueeze(-1), *mask)
    complete_derivative(derivative, upstream, x, t, *options)
    return derivative


class ExactSums(OpenNumbers):
    """Namespace whose sums are added up in float64.

    Inductor adds up 4096 vectors one by one: derivatives of 128,256 classes had errors of 1.5e-5.
    """

    def sum(self, array: Array, **options: Any) -> Array:
        """Sum along an axis."""
        return self.xp.sum(array.to(torch.float64), **options).to(array.dtype)


def with_exact_sums(form: Callable[..., Array]) -> Callable[..., Array]:
    """Form whose sums are those of `ExactSums`."""
    return lambda xp, *operands: form(ExactSums(xp.xp, xp.is_open), *operands)


def value_of_most(divergence: Divergence) -> Callable[..., Array]:
    """Form of the value that suits most rows."""
    form = forms_without_a_look(divergence, None)[0]
    is_mixture = isinstance(divergence, JS) and 0 not in {divergence.beta, divergence.gamma}
    return partial(form, anew=True) if is_mixture else form


def derivative_of_most(divergence: Divergence) -> Callable[..., Array] | None:
    """Form of the derivative with respect to the input that suits most rows; None if none does."""
    if isinstance(divergence, KL):
        return forms_without_a_look(divergence, 0)[0]
    if isinstance(divergence, JS) and divergence.is_balanced:
        return divergence.ways(0)[0]
    return None


def gains(arrays: Arrays, divergence: Divergence) -> bool:
    """Whether a form of rows that differ is worth an attempt in the graph."""
    on_host = all(one.is_cpu for one in arrays)
    return divergence.is_of_logits and on_host and not has_loops()


@torch.library.custom_op("kldiv_xp::filled_rows", mutates_args=())
def filled_rows(
    rows: torch.Tensor,
    input: torch.Tensor,
    target: torch.Tensor,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
) -> torch.Tensor:
    """The rows, computed anew where they are not finite."""
    found, missing = rows.clone(), rows.isfinite().logical_not()
    if missing.any():
        divergence = dense_divergence_of(None, temperature, target_is, scaled, beta)
        arrays = chosen_rows(missing, input, target)
        found[missing] = rows_of_block(plain_context(*arrays), arrays, divergence).flatten()
    return found


@filled_rows.register_fake
def fake_completed(rows: Array, *_: Any) -> Array:
    """Tensor without values like the rows."""
    return torch.empty_like(rows)


@torch.library.custom_op("kldiv_xp::complete_derivative", mutates_args={"derivative"})
def complete_derivative(
    derivative: torch.Tensor,
    upstream: torch.Tensor,
    input: torch.Tensor,
    target: torch.Tensor,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
) -> None:
    """Compute the derivative of the rows that are NaN, which are NaN in every element."""
    missing = derivative[..., 0].isfinite().logical_not()
    if missing.any():
        divergence = dense_divergence_of(None, temperature, target_is, scaled, beta)
        *arrays, above = chosen_rows(missing, input, target, upstream)
        options = divergence, Scale(), (above.unsqueeze(-1),), (True, False)
        found, _ = eager_logits.row_derivatives(plain_context(*arrays), tuple(arrays), *options)
        if found is not None:
            derivative[missing] = found.reshape(-1, input.shape[-1])


def chosen_rows(chosen: Array, *arrays: Array) -> Arrays:
    """Some rows of arrays; the arrays themselves if those are all."""
    return arrays if chosen.all() else tuple(one[chosen] for one in arrays)
