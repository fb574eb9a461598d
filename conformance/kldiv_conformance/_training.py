"""Gradients as a training step asks for them: calls between, backward() twice, and sums."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from kldiv_conformance._adapter import Array, Function, library
from kldiv_conformance._memory import IN_ONE_PIECE
from kldiv_conformance._operands import IN_TURN, SAME, WrongCallError, refuse_another
from kldiv_conformance._torch_derivatives import by_columns

BETWEEN = "the loss is called again before its backward()"
TWICE = "backward() is called twice (retain_graph=True), whose gradients add up in .grad"
EXPANDED = "for upstream derivatives that are one number in memory, as those of loss.sum()"
SUMMED = "one sum has the loss twice"
SINGLE = "right where torch's default dtype is float32, wrong"
DOUBLE = "where it is float64"
TWO_TENSORS = "right where input and target are two tensors, wrong where they are the same one."
REWRITTEN = "the other tensor is written again between the loss and its backward()"
DIVIDED = "the loss is divided where it lies before its backward(), as by `loss /= 4`"
TRANSFORMED = "wrong by torch.func"
# A factor of the second loss of a sum, and what a loss is divided by.
FACTOR, STEPS = 3, 4


def refuse_training(
    found: Mapping[str, Array],
    others: list[Array],
    function: Function,
    input: Array,
    target: Array,
    upstream: float,
) -> tuple[Array, Array]:
    """Derivatives of torch that were found, or WrongCallError where other calls change them.

    The first two arguments are what a call of its own found, and other operands; the rest are those
    of an adapter's `gradient`.
    """
    given = (input, target)
    operands, between = leaves(given), leaves(others)
    loss, _ = function(*operands), function(*between)
    seed = by_columns(library("torch"), loss, upstream)
    refuse = partial(refuse_others, found)
    loss.backward(seed, retain_graph=True)
    refuse(BETWEEN, operands, 1)
    loss.backward(seed)
    refuse(TWICE, operands, 2)
    operands = leaves(given)
    loss = function(*operands)
    loss.backward(loss.new_full((), upstream).expand(loss.shape))
    refuse(EXPANDED, operands, 1, f"{IN_ONE_PIECE}, wrong")
    operands = leaves(given)
    (function(*operands) + FACTOR * function(*operands)).backward(seed)
    refuse(SUMMED, operands, 1 + FACTOR)
    operands = leaves(given)
    with in_double(library("torch")):
        function(*operands).backward(seed)
    refuse(DOUBLE, operands, 1, SINGLE)
    refuse_rewritten(found, others, function, given, seed)
    refuse_divided(refuse, function, given, seed)
    refuse_transformed(found, function, given, upstream)
    by_input, by_target = found.values()
    return by_input, by_target


def refuse_rewritten(
    found: Mapping[str, Array], others: list[Array], function: Function, given: Any, seed: Array
) -> None:
    """Raise WrongCallError where a constant that is written again changes the other derivative.

    To refuse the derivative, as torch does where a tensor that it has saved is written, is right.
    """
    for place, (name, wanted) in enumerate(found.items()):
        operands = [array.detach().clone() for array in given]
        one, constant = operands[place].requires_grad_(), operands[1 - place]
        loss = function(*operands)
        constant.copy_(others[1 - place])
        with suppress(RuntimeError):
            loss.backward(seed)
            refuse_others({name: wanted}, REWRITTEN, [one], 1)


def refuse_divided(
    refuse: Callable[[str, list[Array], float], None], function: Function, given: Any, seed: Array
) -> None:
    """Raise WrongCallError where a loss that is divided in place has another derivative.

    To refuse that, as torch does where a derivative needs the result, is right.
    """
    operands = leaves(given)
    loss = function(*operands)
    with suppress(RuntimeError):
        loss /= STEPS
        loss.backward(seed)
        refuse(DIVIDED, operands, 1 / STEPS)


def refuse_transformed(
    found: Mapping[str, Array], function: Function, given: Any, upstream: float
) -> None:
    """Raise WrongCallError where torch.func has other derivatives; it may have none."""
    by = library("torch").func.grad(lambda *pair: (function(*pair) * upstream).sum(), (0, 1))
    try:
        derivatives = by(*(array.detach() for array in given))
    except Exception:
        return
    but = f"right by backward(), {TRANSFORMED}.grad()"
    refuse_other_gradients(found, derivatives, "of its sum", but)


def leaves(arrays: Any) -> list[Array]:
    """Copies that have gradients of their own."""
    return [array.detach().clone().requires_grad_() for array in arrays]


def refuse_others(
    found: Mapping[str, Array], where: str, operands: list[Array], times: float, but: str = IN_TURN
) -> None:
    """Raise WrongCallError unless gradients are so many times those that were found."""
    right = {name: times * wanted for name, wanted in found.items()}
    refuse_other_gradients(right, gradients(operands), where, but)


def refuse_other_gradients(
    found: Mapping[str, Array], others: Sequence[Array], where: str, but: str
) -> None:
    """Raise WrongCallError unless each is the one that was found."""
    for (name, wanted), other in zip(found.items(), others, strict=True):
        right, got = (it.detach().double().reshape(-1).tolist() for it in (wanted, other))
        refuse_another(name, where, right, got, but)


@contextmanager
def in_double(torch: Any) -> Iterator[None]:
    """A default dtype of float64, as scientific programs set it."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def refuse_one_tensor(
    found: Mapping[str, Array], function: Function, input: Array, target: Array, upstream: float
) -> tuple[Array, Array]:
    """Derivatives that were found, or WrongCallError where one tensor has not the sum of two.

    The two tensors are equal. Gaps are measured against the derivatives at another input as well:
    where the right sum is 0, a gap is a rounding error.
    """
    apart, same = leaves((target, target)), leaves((target,)) * 2
    for operands in (apart, same):
        loss = function(*operands)
        loss.backward(loss.new_full(loss.shape, upstream))
    scale = max(one.abs().max().item() for one in (*found.values(), *gradients(apart)))
    gap = sum(gradients(apart)) - gradients(same)[0]
    if not gap.abs().max().item() <= SAME * scale:
        raise WrongCallError(TWO_TENSORS)
    by_input, by_target = found.values()
    return by_input, by_target


def gradients(operands: list[Array]) -> list[Array]:
    """Gradient of each, 0 where it has none."""
    return [one.new_zeros(one.shape) if one.grad is None else one.grad for one in operands]
