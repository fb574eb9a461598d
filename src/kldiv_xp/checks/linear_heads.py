"""Checks of the operands of one linear head or two, together."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, Namespace, Shape
from kldiv_xp.checks.arrays import check_dtype, check_layouts, common_namespace
from kldiv_xp.checks.distribution import check_even_rows
from kldiv_xp.checks.entry_remedies import for_given_target
from kldiv_xp.checks.missing_entries import for_target_of_layer
from kldiv_xp.checks.one_head import MATRIX, check_head, check_sizes
from kldiv_xp.checks.operands import agree, check_devices
from kldiv_xp.checks.spaces import space_of
from kldiv_xp.checks.sparse_teachers import (
    check_integers,
    check_number_of,
    check_order,
    check_pair,
)
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence
from kldiv_xp.core.namespaces import known_shape, namespace_of


def check_heads(heads: Heads, divergence: LinearDivergence) -> Namespace:
    """Namespace of the operands of linear heads; refuse those that do not fit."""
    check_pair(heads.input, heads.indices, heads.target)
    required = {"input": heads.input, "weight": heads.weight, "target": heads.target}
    present = {**required, **heads.named()}
    for name in ("where", "indices"):
        present.pop(name, None)
    xp = common_namespace(divergence, **present)
    check_layouts(xp, **present)
    check_even_rows(xp, {name: one for name, one in present.items() if one.ndim > MATRIX})
    for name, operand in present.items():
        is_given = name == "target" and heads.target_weight is None
        if is_given:
            check_order(heads.indices, operand)
        shape = logits_shape(heads) if name == "target" else None
        loss = divergence if is_given else None
        check_dtype(xp, name, operand, shape, loss, in_part=True, indices=heads.indices)
        check_sizes(name, known_shape(operand))
    check_devices(xp, **present)
    check_head("input", heads.input, "weight", heads.weight, "bias", heads.bias)
    if heads.indices is not None:
        check_sparse_target(heads, heads.indices)
        return xp
    if heads.target_weight is None:
        check_given_target(heads)
        return xp
    head = heads.target, "target_weight", heads.target_weight, "target_bias", heads.target_bias
    check_head("target", *head)
    check_two_heads(heads, space_of(divergence, "target"))
    return xp


def logits_shape(heads: Heads) -> Shape:
    """Shape of the logits of hidden states."""
    return known_shape(heads.input)[:-1] + known_shape(heads.weight)[:1]


def check_sparse_target(heads: Heads, indices: Array) -> None:
    """Refuse indices that do not fit the samples, or come with a teacher's layer."""
    if heads.target_weight is not None or heads.target_bias is not None:
        message = (
            "`indices` must come with the teacher's values there as `target`; got a layer that "
            "makes its logits everywhere: leave out either `indices`, or `target_weight` and "
            "`target_bias`."
        )
        raise ValueError(message)
    check_integers(heads.input, indices, heads.target, heads.input.ndim - 1)
    states, found = known_shape(heads.input), known_shape(indices)
    if len(found) != len(states) or not agree(found[:-1], states[:-1]):
        message = (
            f"`indices` must have the shape of `input` but for the last size; got {found} where "
            f"`input` has {states}: pass the same samples in both."
        )
        raise ValueError(message)
    check_number_of(known_shape(heads.weight)[0], found[-1])


def check_given_target(heads: Heads) -> None:
    """Refuse a target without the logits' shape, and `target_bias` without `target_weight`."""
    if heads.target_bias is not None:
        message = (
            "`target_bias` must come with `target_weight`; got it alone: pass both, with the "
            "teacher's hidden states as `target`."
        )
        raise ValueError(message)
    of_layer = partial(for_target_of_layer, namespace_of(heads.target), known_shape(heads.input))
    check_target_shape(
        heads,
        logits_shape(heads),
        lambda *shapes: of_layer(*shapes) or for_given_target(*shapes),
    )


def check_two_heads(heads: Heads, target_is: str) -> None:
    """Refuse different vocabularies or samples, and a `target_is` other than 'logits'."""
    if target_is != "logits":
        message = (
            f"`target_is` must be 'logits' where `target_weight` makes them; got {target_is!r}: "
            "leave one of the two out."
        )
        raise ValueError(message)
    left, right = known_shape(heads.weight), known_shape(heads.target_weight)
    if not agree(left[:1], right[:1]):
        has_bias = heads.bias is not None or heads.target_bias is not None
        message = (
            "`weight` and `target_weight` must have one vocabulary, and so as many rows; got the "
            f"shapes {left} and {right}: cut both to the shared rows, e.g. with "
            f"[:{min(left[0] or 0, right[0] or 0)}]{', and the biases' * has_bias}."
        )
        raise ValueError(message)
    check_target_shape(
        heads,
        known_shape(heads.input)[:-1] + known_shape(heads.target)[-1:],
        lambda *_: "pass the same samples in both, one row for each",
    )


def check_target_shape(
    heads: Heads, expected: Shape, remedy: Callable[[Shape, Shape], str]
) -> None:
    """Refuse a target of another shape than expected, with the remedy for the two shapes."""
    found = known_shape(heads.target)
    if not agree(found, expected):
        message = (
            f"`target` must have the shape {expected}; got {found} where `input` has "
            f"{known_shape(heads.input)} and `weight` {known_shape(heads.weight)}: "
            f"{remedy(expected, found)}."
        )
        raise ValueError(message)
