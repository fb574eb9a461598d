"""Checks of a sparse teacher: its indices, shape and logits."""

from kldiv_xp._typing import Array, Tail, TargetKind
from kldiv_xp.checks.arrays import DTYPE_KINDS, check_array, check_layouts, common_namespace
from kldiv_xp.checks.labels import for_labels_as_indices
from kldiv_xp.checks.not_given import NotGiven
from kldiv_xp.checks.operands import agree, check_devices
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.namespaces import is_array, known_shape, namespace_of
from kldiv_xp.core.shapes import without_axis


def check_indices_of(input: Array, indices: Array, target: Array, place: int) -> None:
    """Refuse indices of a wrong dtype or shape; their values are not read."""
    check_integers(input, indices, target, place)
    every, some = map(known_shape, (input, indices))
    fitting = len(every) == len(some) and agree(
        without_axis(every, place), without_axis(some, place)
    )
    if not fitting:
        message = (
            f"`indices` must have the shape of `input` but for the size along axis {place}; got "
            f"{some} where `input` has {every}: pass the same samples in both, and name the axis "
            "of one distribution with axis=."
        )
        raise ValueError(message)
    check_number_of(every[place], some[place])


def check_pair(input: Array, indices: object, target: object) -> None:
    """Refuse values and their indices in one, before the target that they hold is missed."""
    is_missing = target is None or isinstance(target, NotGiven)
    if is_missing and indices is not None and not isinstance(indices, NotGiven):
        check_array("indices", indices, {"input": input, "indices": indices})


def check_order(indices: Array, target: Array) -> None:
    """Refuse swapped values and indices of a top-k function."""
    # torch.compile before 2.13 asks no type of None what it is.
    if indices is None or not is_array(indices):
        return
    if not is_kind(namespace_of(target), target.dtype, DTYPE_KINDS["integers"]):
        return
    if is_kind(namespace_of(indices), indices.dtype, DTYPE_KINDS["floats"]):
        message = (
            f"`indices` and `target` seem to be swapped; got {indices.dtype} and {target.dtype}: "
            "top-k functions return the values first, so pass indices=target and target=indices."
        )
        raise TypeError(message)


def check_integers(input: Array, indices: Array, target: Array, place: int) -> None:
    """Refuse indices that are no integers, or have another device or shape than expected."""
    xp = common_namespace(input=input, indices=indices)
    check_layouts(xp, indices=indices)
    if not is_kind(xp, indices.dtype, DTYPE_KINDS["integers"]):
        message = (
            f"`indices` must have an integer dtype; got {indices.dtype}: pass the places of the "
            "teacher's entries along `axis`, as a top-k function returns them beside the values."
        )
        raise TypeError(message)
    check_devices(xp, input=input, indices=indices)
    every, some, values = map(known_shape, (input, indices, target))
    if len(some) < len(every) and agree(some, without_axis(every, place)):
        message = (
            f"`indices` must have as many axes as `input`; got {some} where `input` has {every}: "
            f"{for_labels_as_indices(xp, every, values, place, indices)}."
        )
        raise ValueError(message)
    if not agree(some, values):
        message = (
            f"`indices` and `target` must have the same shape; got {some} and {values}: pass both "
            "as a top-k function returns them."
        )
        raise ValueError(message)


def check_number_of(size: int | None, number: int | None) -> None:
    """Refuse no index per sample, and more indices than entries."""
    # A symbolic size answers no comparison: JAX calls it inconclusive, torch.export a constraint.
    if not isinstance(size, int) or not isinstance(number, int) or 1 <= number <= size:
        return
    remedy = "leave out samples without a teacher with where=, and entries that are named twice"
    if number == 0:
        remedy = "pass the most probable entry of each sample at least, or leave the loss out"
    message = (
        f"`indices` must name from 1 to {size} places of a sample, each once; got {number}: "
        f"{remedy}."
    )
    raise ValueError(message)


def check_logits_of_teacher(target_is: TargetKind, tail: Tail, number: object) -> None:
    """Refuse a teacher's top-k logits where their full softmax is needed."""
    if target_is == "logits" and tail != "renormalize":
        message = (
            f"tail={tail!r} needs the teacher's probabilities, which {number} of its logits do not "
            "tell: take log_softmax of all of its logits before the top-k, and pass "
            "target_is='log_probabilities', or pass tail='renormalize'."
        )
        raise ValueError(message)
