"""Checks of hidden states, and of the weight and the bias of one linear head."""

from kldiv_xp._typing import Array, Namespace, Shape
from kldiv_xp.checks.operands import agree
from kldiv_xp.checks.remedies import say
from kldiv_xp.core.evaluate_linear import OF_SAMPLES
from kldiv_xp.core.namespaces import known_shape, namespace_of

# Number of its axes.
MATRIX = 2


def check_sizes(name: str, shape: Shape) -> None:
    """Refuse unknown sizes, except for the number of rows of a matrix.

    Samples along several axes become rows, and Dask multiplies no chunks of unknown width.
    """
    if None in (shape[1:] if len(shape) == MATRIX and name in OF_SAMPLES else shape):
        message = (
            f"`{name}` must have sizes that are known, but for the number of rows where samples "
            f"have one axis; got {shape}: compute them first (Dask: {name}.compute_chunk_sizes())."
        )
        raise ValueError(message)


def check_head(
    name: str, hidden: Array, weight_name: str, weight: Array, bias_name: str, bias: Array | None
) -> None:
    """Refuse a weight that does not fit the hidden states, and a bias that does not fit it."""
    states, shape = known_shape(hidden), known_shape(weight)
    check_states(name, states, weight_name, shape)
    if weight.ndim != MATRIX or not agree(states[-1:], shape[1:]):
        message = (
            f"`{weight_name}` must have the shape (vocabulary, {states[-1]}), "
            f"whose second size is the last of `{name}`; got {shape} where `{name}` has {states}: "
            "pass the weight of the last linear layer as torch.nn.Linear holds it, transposed if "
            "it is stored the other way."
        )
        raise ValueError(message)
    if bias is not None and not agree(known_shape(bias), shape[:1]):
        found = known_shape(bias)
        remedy = for_bias(namespace_of(bias), bias_name, found, shape[:1])
        message = (
            f"`{bias_name}` must have the shape {shape[:1]}, one number for each row of "
            f"`{weight_name}`; got {found}: {remedy}leave it out if the layer has none."
        )
        raise ValueError(message)


def for_bias(xp: Namespace, name: str, found: Shape, expected: Shape) -> str:
    """First remedy for the numbers of too many rows, or along other axes; else ""."""
    if None in (*found, *expected):
        return ""
    if len(found) > 1 and tuple(size for size in found if size != 1) == expected:
        return f"pass {say(xp, 'reshaped', name, shape=expected)}, or "
    if len(found) == 1 and found > expected:
        return f"cut it as the weight, {name}[:{expected[0]}], or "
    return ""


def check_states(name: str, states: Shape, weight_name: str, shape: Shape) -> None:
    """Refuse 0-d hidden states, and an empty vocabulary."""
    if not states:
        width = shape[1] if len(shape) == MATRIX else 1
        message = (
            f"`{name}` must have the hidden states of a sample along its last axis; got the shape "
            f"(): pass all of them, in the shape ({width},)."
        )
        raise ValueError(message)
    if shape[:1] == (0,):
        message = (
            f"`{weight_name}` must have at least one row, which makes a logit; got the shape "
            f"{shape}, whose axis 0 is empty: leave the loss out, or pass the weight of a layer "
            "that makes logits."
        )
        raise ValueError(message)
