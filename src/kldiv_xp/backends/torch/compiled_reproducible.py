"""Losses with the same bits under torch.compile: operators, which compute as for eager tensors.

Inductor's code for a sum took 8 to 17 times as long as the default's, that for derivatives from
logits 28 times, and minutes to compile; terms and derivatives of tables stay in the graph, where
they take 4 and 5 times the default.
"""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.compiled_logit_derivatives import (
    fake_derivatives,
    has_operator,
    present,
    wanted_or_empty,
)
from kldiv_xp.backends.torch.host_reproducible import Asked, eager_derivatives, eager_value
from kldiv_xp.backends.torch.operator_options import dense_divergence_of, options_of
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import Wanted, rounding_to
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula.form import Form


def value(arrays: Arrays, wanted: Asked, divisor: Any) -> Any:
    """The loss by an operator; NotImplemented where the formula is compiled."""
    if not has_host_operator(arrays):
        return NotImplemented
    count, parts = divisors(divisor)
    tensors = *arrays, *[None] * (3 - len(arrays)), count
    if isinstance(wanted, WantedRows):
        numbers, *options, _ = options_of(wanted.divergence)
        rest = wanted.is_summed, wanted.rounding.dtype
        return reproducible_rows(*tensors, numbers, *options, parts, *rest)
    if wanted.axis == ():
        return NotImplemented
    axis = None if wanted.axis is None else list(wanted.axis)
    form = wanted.form.log_input, wanted.form.log_target
    return reproducible_sums(*tensors, *form, axis, parts, wanted.rounding.dtype)


def derivatives(
    arrays: Arrays, upstream: Any, wanted: Asked, divisor: Any, places: tuple[bool, bool]
) -> Any:
    """Derivatives from logits by an operator; NotImplemented where the formula is compiled."""
    is_tensor = isinstance(upstream, torch.Tensor)
    every = (*arrays, upstream) if is_tensor else arrays
    if not isinstance(wanted, WantedRows) or not has_host_operator(every):
        return NotImplemented
    above = upstream if is_tensor else arrays[0].new_full((), upstream, dtype=torch.float64)
    count, parts = divisors(divisor)
    numbers, *options, _ = options_of(wanted.divergence)
    tensors = *arrays, *[None] * (3 - len(arrays)), count, numbers
    found = reproducible_row_derivatives(above, *tensors, *options, parts, *places)
    return tuple(one if want else None for one, want in zip(found, places, strict=True))


def has_host_operator(tensors: Arrays) -> bool:
    """Whether the operators may stand in the graph: of tensors on the host."""
    return all(one.is_cpu for one in tensors) and has_operator(tensors)


def divisors(divisor: Any) -> tuple[Array | None, int | None]:
    """A divisor that is a tensor, and one that is a number of the shapes; each may be None."""
    return (divisor, None) if isinstance(divisor, torch.Tensor) else (None, divisor)


@torch.library.custom_op("kldiv_xp::reproducible_sums", mutates_args=())
def reproducible_sums(
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    count: torch.Tensor | None,
    log_input: bool,
    log_target: bool,
    axis: list[int] | None,
    parts: int | None,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Sums of the terms over the axes, or over all, over the divisor."""
    rounding = rounding_to(namespace_of(input), dtype)
    axes = None if axis is None else tuple(axis)
    wanted = Wanted(Form(log_input, log_target), axes, rounding)
    return eager_value(present(input, target, where), wanted, parts if count is None else count)


@reproducible_sums.register_fake
def fake_sums(input: Array, *rest: Any) -> Array:
    """Tensor without values like the sums."""
    *_, axis, _, dtype = rest
    ndim = input.ndim
    summed = range(ndim) if axis is None else {one % ndim for one in axis}
    kept = [size for place, size in enumerate(input.shape) if place not in summed]
    return input.new_empty(kept, dtype=dtype)


@torch.library.custom_op("kldiv_xp::reproducible_rows", mutates_args=())
def reproducible_rows(
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    count: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
    parts: int | None,
    is_summed: bool,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Divergences of rows of logits, or their sum over the divisor."""
    divergence: Any = dense_divergence_of(numbers, temperature, target_is, scaled, beta)
    wanted = WantedRows(divergence, is_summed, rounding_to(namespace_of(input), dtype))
    return eager_value(present(input, target, where), wanted, parts if count is None else count)


@reproducible_rows.register_fake
def fake_reproducible_rows(input: Array, *rest: Any) -> Array:
    """Tensor without values like the divergences."""
    *_, is_summed, dtype = rest
    return input.new_empty(() if is_summed else input.shape[:-1], dtype=dtype)


@torch.library.custom_op("kldiv_xp::reproducible_row_derivatives", mutates_args=())
def reproducible_row_derivatives(
    upstream: torch.Tensor,
    input: torch.Tensor,
    target: torch.Tensor,
    where: torch.Tensor | None,
    count: torch.Tensor | None,
    numbers: torch.Tensor | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
    parts: int | None,
    by_input: bool,
    by_target: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients with respect to input and target, each empty where it is not wanted."""
    divergence: Any = dense_divergence_of(numbers, temperature, target_is, scaled, beta)
    wanted = WantedRows(divergence, True, rounding_to(namespace_of(input), input.dtype))  # noqa: FBT003
    divisor = parts if count is None else count
    found = eager_derivatives(
        present(input, target, where), upstream, wanted, divisor, (by_input, by_target)
    )
    return wanted_or_empty(found, (input, target))


reproducible_row_derivatives.register_fake(fake_derivatives)
