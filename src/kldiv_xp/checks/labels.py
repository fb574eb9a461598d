"""Remedies for class labels in place of distributions."""

from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axis, Namespace, Shape
from kldiv_xp.checks.ignored_labels import ignored_label, of_classes
from kldiv_xp.checks.remedies import say
from kldiv_xp.core.shapes import without_axis
from kldiv_xp.formula.form import Form

# torch.nn.functional.one_hot raises of labels of no class, and other codes make rows of 0 of them.
KEPT = "where=target != {} too"


def for_dense_labels(
    xp: Namespace,
    shape: Shape,
    labels: Shape,
    axis: Axis = -1,
    *,
    loss: object = None,
    given: Array = None,
) -> str:
    """Remedy for class labels of distributions of a shape, by their encoding; "" if none.

    Floats may be something else, and integers are given.
    """
    place, code = label_axis(shape, labels, axis), "target"
    if place is None and (place := column_axis(shape, labels, axis)) is not None:
        code = say(xp, "reshaped", code, shape=without_axis(shape, place))
    if place is None or None in shape or not shape[place]:
        return ""
    code = with_axis_at(xp, say(xp, "one_hot", code, n=shape[place]), place, shape)
    start = "if these are class labels, they become" if given is None else "class labels become"
    ignored = ignored_label(xp, given, shape[place])
    kept = KEPT.format(ignored).replace(" too", for_rows(loss, place, shape, axis))
    return (
        f"{start} probabilities by {code}, "
        f"{taken_by(loss, axis, and_axis(place, shape, axis))}; where labels are {ignored}, "
        f"pass {kept}, and encode {of_classes(xp, 'target', ignored)}"
    )


def for_rows(loss: Any, place: int, shape: Shape, axis: Axis) -> str:
    """Clause on the axis that a mask of samples needs: kl_div of tables has none by default."""
    if not stays_in(loss) or not is_of_terms(axis):
        return " too"
    named = -1 if place == len(shape) - 1 else place
    return f" and axis={named} too, by which reduction='mean' divides by the number of samples"


def and_axis(place: int, shape: Shape, axis: Axis) -> str:
    """The axis of the classes as an option, where the call does not name it already."""
    given = -1 if axis is None else axis
    is_named = isinstance(given, int) and place == given % len(shape)
    return "" if is_named else f" and axis={place}"


def taken_by(loss: Any, axis: Axis, named: str) -> str:
    """Which call takes probabilities as a target: of log-probabilities, also that of logits."""
    if stays_in(loss):
        options: str = " and log_target=False" * loss.log_target + named * (not is_of_terms(axis))
        return "which is the `target` to pass" + options.replace(" and", " with", 1)
    name = "kl" if getattr(loss, "beta", None) is None else "js"
    return f"which {name}_div_with_logits takes with target_is='probabilities'{named}"


def stays_in(loss: Any) -> bool:
    """Whether labels become the target of the same loss: `input` is not what logits may be."""
    return isinstance(loss, Form) and (loss.generalized or not loss.log_input)


def is_of_terms(axis: Axis) -> bool:
    """Whether a loss of tables has no axis, and adds up no distributions."""
    return axis is None or axis == ()


def for_labels_of_part(
    xp: Namespace, shape: Shape, labels: Shape, axis: Axis = -1, *, given: Array = None
) -> str:
    """Remedy for class labels in a loss that takes a target at some indices; "" if none."""
    place, column = label_axis(shape, labels, axis), column_axis(shape, labels, axis)
    code = say(xp, "as_int", "target") if given is None else "target"
    if place is not None:
        code = with_axis_at(xp, f"{code}[..., None]", place, shape)
    elif column is None:
        return ""
    place = column if place is None else place
    named = and_axis(place, shape, axis)  # type: ignore[arg-type]
    ignored = ignored_label(xp, given, shape[place])  # type: ignore[index]
    return (
        "class labels are places of a probability of 1: pass them as "
        f"indices={code}, and as `target` ones in that shape, with "
        f"target_is='probabilities'{named}; "
        f"where they are {ignored}, pass {KEPT.format(ignored)}"
    )


def for_labels_of_tokens(shape: Shape, labels: Shape, axis: Axis = -1) -> str:
    """Remedy for class labels of one token more or less than the logits; "" for others."""
    axis = -1 if axis is None else axis
    if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return ""
    place = axis % len(shape)
    at, more = tokens_more(without_axis(shape, place), labels)
    if more == 1:
        code = f"target[{':, ' * at}1:]"
        return f"cut class labels as the logits are, e.g. to {code} beside logits without the last"
    if more != -1:
        return ""
    index = [":"] * len(shape)
    index[at + (at >= place)] = ":-1"
    code = f"input[{', '.join(index)}]"
    return f"cut the logits as class labels are, e.g. to {code} beside labels of the next tokens"


def tokens_more(samples: Shape, labels: Shape) -> tuple[int, int]:
    """The one axis along which labels differ from samples, not that of a batch, and by how much."""
    if len(samples) != len(labels) or None in (*samples, *labels):
        return 0, 0
    sizes = list(zip(samples, labels, strict=True))
    off = [at for at, (size, one) in enumerate(sizes) if size != one]
    if len(off) != 1 or (off == [0] and len(samples) > 1):
        return 0, 0
    return off[0], labels[off[0]] - samples[off[0]]  # type: ignore[operator]


def for_labels_as_indices(
    xp: Namespace, shape: Shape, values: Shape, place: int, given: Array
) -> str:
    """Remedy for indices without the axis of the entries, of one entry each or class labels."""
    ignored = ignored_label(xp, given, shape[place])
    with_axis = partial(with_axis_at, xp, axis=place, shape=shape)
    code = with_axis(f"{of_classes(xp, 'indices', ignored)}[..., None]")
    names = ("indices", "target") if len(values) < len(shape) else ("indices",)
    both = " and ".join(f"{name}={with_axis(f'{name}[..., None]')}" for name in names)
    return (
        f"pass {both}, or of class labels indices={code}, as `target` zeros in that shape, with "
        f"target_is='log_probabilities', and where=indices != {ignored}"
    )


def with_axis_at(xp: Namespace, code: str, axis: int, shape: Shape) -> str:
    """Code that moves the last axis to its place in a shape."""
    return code if axis == len(shape) - 1 else say(xp, "with_last_axis_moved", code, axis=axis)


def label_axis(shape: Shape, labels: Shape, axis: Axis = -1) -> int | None:
    """Axis whose removal gives the shape of the class labels, or None; `axis` is tried first.

    Of another axis one class alone is no reason to take the rest for labels.
    """
    first = axis_tried_first(axis, len(shape))
    places: tuple[int, ...] = (first, len(shape) - 1, *range(1, len(shape) - 1))
    for place in places:
        if place < 0 or (shape[place] == 1 and place != first):
            continue
        if labels == without_axis(shape, place):
            return place
    return None


def column_axis(shape: Shape, labels: Shape, axis: Axis = -1) -> int | None:
    """Axis of classes along which the labels have size 1, or None; the first one if `axis` is."""
    first = axis_tried_first(axis, len(shape))
    places: tuple[int, ...] = (first, *range(1, len(shape)))
    for place in places:
        if place < 0 or shape[place] == 1:
            continue
        if labels == (*shape[:place], 1, *shape[place + 1 :]):
            return place
    return None


def axis_tried_first(axis: Axis, ndim: int) -> int:
    """The axis of a call from the front; the last one where it names none or several."""
    return axis % ndim if isinstance(axis, int) and -ndim <= axis < ndim else ndim - 1
