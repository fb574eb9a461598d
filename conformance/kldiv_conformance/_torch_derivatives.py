"""Derivatives by torch's autograd with respect to leaf tensors, results and parameters."""

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from zlib import crc32

from kldiv_conformance._adapter import Array, Function, library
from kldiv_conformance._operands import (
    SAME,
    ChangedOperandError,
    ConstantTargetError,
    WrongCallError,
    accusation,
)

OF_LEAVES = "what is differentiated is a leaf of the graph"
OF_RESULTS = "what is differentiated is the result of another operation, as a model's output is"
OF_PARAMETERS = "what is differentiated is an nn.Parameter that has a gradient already"
UNASKED, BESIDE = "no gradient is asked", "is a constant"
MUST = "must be the same where "
PLACES = {"input": 0, "target": 1}
Derived = dict[str, Array]


def leaf(array: Array) -> tuple[Array, Array]:
    """A tensor that is differentiated, and itself as an operand."""
    one = array.detach().requires_grad_()
    return one, one


def result(array: Array) -> tuple[Array, Array]:
    """A tensor that is differentiated, and an operand that is made of it."""
    one, _ = leaf(array)
    return one, one.view_as(one)


def parameter(array: Array) -> tuple[Array, Array]:
    """A parameter whose gradients add up, and itself as an operand."""
    one = library("torch").nn.Parameter(array.detach())
    one.grad = library("torch").ones_like(one)
    return one, one


KINDS: Mapping[str, Callable[[Array], tuple[Array, Array]]] = {
    OF_LEAVES: leaf,
    OF_RESULTS: result,
    OF_PARAMETERS: parameter,
}


def kind_of(*arrays: Array) -> str:
    """Kind of the operands whose derivatives are returned: their shapes and dtypes decide."""
    text = " ".join(f"{tuple(array.shape)} {array.dtype}" for array in arrays)
    return (OF_RESULTS, OF_LEAVES, OF_RESULTS, OF_PARAMETERS)[crc32(text.encode()) % 4]


def differentiate_torch(
    function: Function, input: Array, target: Array, upstream: float, *, again: bool = True
) -> tuple[Array, Array]:
    """Derivatives by torch; with `again`, raise if other kinds of operands or constants differ.

    A compiler makes one program for leaves and results, and would make more for the rest.
    """
    kind = kind_of(input, target)
    derive = partial(derived, function, (input, target), upstream)
    first = OF_LEAVES if again else kind
    try:
        found = derive(first)
    except NotImplementedError as refusal:
        found = derive(first, names=("input",))
        if again:
            found = same_of_kinds(derive, found, ("input",))[kind]
        raise ConstantTargetError(refusal, found["d_input"]) from refusal
    if again:
        found = same_of_kinds(derive, found, tuple(PLACES))[kind]
        refuse_another_of(found, {"value": function(input, target)}, UNASKED)
        for name, other in (("input", "target"), ("target", "input")):
            beside = derive(kind, names=(name,), may_be_constant=True)
            refuse_another_of(found, beside, f"the {other} {BESIDE}")
    return found["d_input"], found["d_target"]


def derived(
    function: Function,
    arrays: tuple[Array, Array],
    upstream: float,
    kind: str,
    *,
    names: tuple[str, ...] = tuple(PLACES),
    may_be_constant: bool = False,
) -> Derived:
    """Value, and derivatives with respect to some operands of a kind; the others are constants."""
    torch, operands = library("torch"), list(arrays)
    made = {name: KINDS[kind](arrays[PLACES[name]]) for name in names}
    for name, (_, operand) in made.items():
        operands[PLACES[name]] = operand
    leaves = [one for one, _ in made.values()]
    value = function(*operands)
    seed = by_columns(torch, value, upstream)
    if may_be_constant and not value.requires_grad:
        found = [torch.zeros_like(one) for one in leaves]
    else:
        found = torch.autograd.grad(value, leaves, seed, allow_unused=True, materialize_grads=True)
    refuse_written_gradients(made, kind)
    if not seed.equal(torch.full_like(seed, upstream)):
        raise ChangedOperandError(accusation("upstream"))
    return {"value": value} | {f"d_{name}": it for name, it in zip(names, found, strict=True)}


def by_columns(torch: Any, loss: Array, upstream: float) -> Array:
    """Upstream derivatives whose memory is that of the transposed loss."""
    axes = tuple(reversed(range(loss.ndim)))
    return torch.full_like(loss.permute(axes), upstream).contiguous().permute(axes)


def refuse_written_gradients(made: Mapping[str, tuple[Array, Array]], kind: str) -> None:
    """Raise ChangedOperandError where `.grad` of an operand is not what it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns where one of a result is read
        names = [
            f"{name}.grad"
            for name, pair in made.items()
            if not all(has_its_gradient(one, kind) for one in pair)
        ]
    if names:
        raise ChangedOperandError(accusation(*names))


def has_its_gradient(tensor: Array, kind: str) -> bool:
    """Whether `.grad` of a tensor is that with which it was made."""
    if kind != OF_PARAMETERS:
        return tensor.grad is None
    return tensor.grad is not None and bool((tensor.grad == 1).all())


def same_of_kinds(
    derive: Callable[..., Derived], found: Derived, names: tuple[str, ...]
) -> dict[str, Derived]:
    """Derivatives of each kind, or WrongCallError where they are not those of leaves."""
    others = {OF_LEAVES: found}
    for kind in (OF_RESULTS, OF_PARAMETERS):
        others[kind] = derive(kind, names=names, may_be_constant=True)
        refuse_another_of(found, others[kind], kind)
    return others


def refuse_another_of(found: Derived, others: Derived, where: str) -> None:
    """Raise WrongCallError where a result is not the one that was found."""
    torch = library("torch")
    for name, other in others.items():
        pair = [it.detach().double() for it in (found[name], other)]
        scale = pair[0].abs().nan_to_num(0, 0).max().item() if other.numel() else 0.0
        if pair[0].shape != pair[1].shape or not torch.allclose(
            *pair, rtol=SAME, atol=SAME * scale, equal_nan=True
        ):
            message = f"{name} {MUST}{where}; it is another one."
            raise WrongCallError(message)
