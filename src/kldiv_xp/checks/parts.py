"""Remedies for outputs of models, and several arrays, in place of the one that is meant."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axis, Shape
from kldiv_xp.checks.remedies import EITHER, put_together, say, stacked
from kldiv_xp.core.namespaces import is_array, known_shape, namespace_of
from kldiv_xp.core.shapes import axes_of_entries, axis_of_a_batch, without_axis

PADDED = "torch.nn.utils.rnn.pad_packed_sequence({name}{order}{length})"
OF_PACKED = "pass {padded}, and leave the padding out with where={places} < {lengths}"
# Code for a part, and the array that it is.
CodedArray = tuple[str, Array]


def for_parts(name: str, whole: Any, operands: Mapping[str, Any], axis: Axis = -1) -> str:
    """Remedy for what holds the array that is meant; "" if it is not known which one it is."""
    if name not in {"input", "target"} or isinstance(whole, type):
        return ""
    arrays = {one: value for one, value in operands.items() if one != name and is_array(value)}
    if is_array(getattr(whole, "batch_sizes", None)):
        return for_packed(name, whole, arrays, axis)
    if remedy := for_output(name, whole, arrays):
        return remedy
    parts = arrays_in(name, whole)
    if not parts or is_array(getattr(whole, "indices", None)):
        return ""
    shapes = {known_shape(one) for _, one in parts}
    if isinstance(whole, list | tuple) and len(shapes) == 1 and len(parts) == len(whole):
        return for_layers(name, parts, arrays, axis)
    return for_one_part(name, whole, parts, arrays, axis)


def for_packed(name: str, packed: Any, arrays: Mapping[str, Array], axis: Axis) -> str:
    """Remedy for a packed sequence of torch; it is padded as the other operand is."""
    others = [known_shape(arrays[one]) for one in ("input", "target") if one in arrays]
    if known_shape(packed.data) in others:
        return f"pass its data, {name}.data"
    size, length, order = known_shape(packed.batch_sizes)[0], "", ", batch_first=True"
    ndim = len(known_shape(packed.data)) + 1
    place = (*axes_of_entries(axis, ndim), ndim - 1)[0]
    if others and len(others[0]) == ndim:
        first, second, *_ = (*others[0][:place], *others[0][place + 1 :], others[0][place])
        is_batch_first = first == int(packed.batch_sizes[0]) and (second or 0) >= (size or 0)
        size, order = (second, order) if is_batch_first else (first, "")
        length = f", total_length={size}"
    padded, places = PADDED.format(name=name, order=order, length=length), f"torch.arange({size})"
    lengths = f"{padded}[1][:, None]" if order else f"{padded}[1]"
    places, code = places if order else f"{places}[:, None]", f"{padded}[0]"
    if place != ndim - 1:
        code = say(namespace_of(packed.data), "with_last_axis_moved", code, axis=place)
    return OF_PACKED.format(padded=code, places=places, lengths=lengths)


def for_output(name: str, output: Any, arrays: Mapping[str, Array]) -> str:
    """Remedy for a model's output: its logits, or its hidden states beside a layer's weight."""
    logits = named_part(name, output, "logits")
    states = named_part(name, output, "last_hidden_state")
    if takes_states(name, arrays):
        return for_states(name, output, logits, states)
    if logits:
        return f"pass its logits, {logits}, to a loss of logits"
    if not states:
        return ""
    if "weight" in arrays:
        return f"pass its hidden states, {states}, with target_weight="
    return (
        f"pass what the model's last layer makes of its hidden states, {states}, or these "
        "and the layer's weight to linear_kl_div"
    )


def for_states(name: str, output: Any, logits: str, states: str) -> str:
    """Remedy for a model's output in place of hidden states; "" if it is none."""
    if states or not logits:
        return f"pass its hidden states, {states}" if states else ""
    if layers := named_part(name, output, "hidden_states"):
        return f"pass its last hidden states, {layers}[-1]"
    return (
        f"pass its last hidden states, {name}.hidden_states[-1], which the model gives with "
        f"output_hidden_states=True, or its logits, {logits}, to kl_div_with_logits"
    )


def named_part(name: str, whole: Any, key: str) -> str:
    """Code for an attribute or an entry that is an array, or holds arrays; "" for others."""
    value, code = getattr(whole, key, None), f"{name}.{key}"
    if value is None and isinstance(whole, Mapping):
        value, code = whole.get(key), f'{name}["{key}"]'
    first = value[0] if isinstance(value, list | tuple) and value else value
    return code if is_array(first) else ""


def takes_states(name: str, arrays: Mapping[str, Array]) -> bool:
    """Whether an operand is one of hidden states, which a layer makes into logits."""
    return "weight" in arrays and (name == "input" or "target_weight" in arrays)


def arrays_in(name: str, whole: Any) -> list[CodedArray]:
    """Arrays that a sequence or a mapping holds, with their code."""
    if isinstance(whole, Mapping):
        coded = [(f"{name}[{key!r}]".replace("'", '"'), one) for key, one in whole.items()]
    elif isinstance(whole, list | tuple) and len(whole) > 1:
        coded = [(f"{name}[{at}]", one) for at, one in enumerate(whole)]
    else:
        return []
    return [(code, one) for code, one in coded if is_array(one)]


def for_layers(name: str, parts: list[CodedArray], arrays: Mapping[str, Array], axis: Axis) -> str:
    """Remedy for arrays of one shape: the last one, or all in one; "" if either may be meant."""
    shape = known_shape(parts[0][1])
    if not fits_beside(name, shape, arrays):
        return for_batches(name, parts, arrays, axis)
    if not takes_states(name, arrays):
        return (
            f"pass the last of them, {name}[-1], if they are of layers; if not, call the loss of "
            "each"
        )
    if {"input", "target"} & arrays.keys():
        return f"pass the last layer's, {name}[-1]"
    whole = put_together(name, parts[0][1], axis)
    return f"pass the last layer's, {name}[-1], if it holds those of all layers, or {whole}"


def for_batches(name: str, parts: list[CodedArray], arrays: Mapping[str, Array], axis: Axis) -> str:
    """Remedy for arrays of one shape that make one that fits: samples, or batches; else ""."""
    shape, number, xp = known_shape(parts[0][1]), len(parts), namespace_of(parts[0][1])
    places = dict.fromkeys((axis_of_a_batch(axis, len(shape) + 1), 0))
    fits = partial(fits_beside, name, arrays=arrays)
    codes = [stacked(xp, name, at) for at in places if fits((*shape[:at], number, *shape[at:]))]
    if codes:
        return f"pass {codes[0]}" + f" {EITHER.format(codes[-1])}" * (len(codes) > 1)
    for at in (axis_of_a_batch(axis, len(shape)), 0):
        joined = tuple(number * size for size in shape[at : at + 1] if size is not None)
        if fits((*shape[:at], *joined, *shape[at + 1 :])):
            return f"pass {say(xp, 'joined', name, axis=at)}"
    return ""


def for_one_part(
    name: str, whole: Any, parts: list[CodedArray], arrays: Mapping[str, Array], axis: Axis
) -> str:
    """Remedy for arrays of several shapes: the one that fits, or a choice of those with axes."""
    fitting = [code for code, one in parts if fits_beside(name, known_shape(one), arrays)]
    with_axes = [code for code, one in parts if known_shape(one)]
    chosen = fitting or with_axes
    if len(chosen) < len(("one", "another")):
        return f"pass {chosen[0]}" if chosen else ""
    at = axis_of_a_batch(axis, len(known_shape(parts[0][1])))
    if not fitting and is_ragged(whole, parts, at):
        return f"pass {say(namespace_of(parts[0][1]), 'joined', name, axis=at)}"
    return f"pass the one of {', '.join(chosen[:-1])} and {chosen[-1]} that is meant"


def is_ragged(whole: Any, parts: list[CodedArray], at: int) -> bool:
    """Whether a sequence holds arrays that differ in the number of their samples alone."""
    shapes = [known_shape(one) for _, one in parts]
    is_whole = isinstance(whole, list | tuple) and len(parts) == len(whole)
    return is_whole and all(
        len(one) > 1 and without_axis(one, at) == without_axis(shapes[0], at) for one in shapes
    )


def fits_beside(name: str, shape: Shape, arrays: Mapping[str, Array]) -> bool:
    """Whether an array of a shape is what the operands beside it ask for."""
    beside = "target" if name == "input" else "input"
    other = known_shape(arrays[beside]) if beside in arrays else None
    if "weight" not in arrays:
        return shape == other
    layer = known_shape(arrays["weight"])
    if takes_states(name, arrays):
        size = layer[1:] if name == "input" else known_shape(arrays["target_weight"])[1:]
        return shape[-1:] == size and (other is None or shape[:-1] == other[:-1])
    return shape[-1:] == layer[:1] and (other is None or shape[:-1] == other[:-1])
