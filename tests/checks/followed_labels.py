"""Class labels along every axis, each with the loss that its remedy gives and its cross-entropy."""

import re

import numpy as np
from checks.followed_axes import (
    RNG,
    divergences,
    losses_of,
    operands_of,
    options_of_tables,
    softmax,
    told,
    value,
)

DENSELY = (
    r"class labels become probabilities by (.*?), which (?:(\w+) takes|is the `target` to pass)"
    r"(.*?); where labels are -100, pass where=(.*?)(?: and axis=(\S+))? too.*?, and encode (.*)"
)


def labels(name, shape, axis):
    """Labels of samples, some ignored, beside the axis that is meant, another one or none."""
    place, size = axis % len(shape), shape[axis]
    classes = RNG.integers(0, size, shape[:place] + shape[place + 1 :])
    kept = RNG.random(classes.shape) < 0.7
    ignored, encoded = np.where(kept, classes, -100), np.moveaxis(np.eye(size)[classes], -1, place)
    is_alone = len(set(shape)) == len(shape) and place > 0
    for options in options_of_tables(name):
        given, q, _ = operands_of(name, shape, axis, **options)
        expected = np.where(kept, divergences(name, q, encoded, axis), 0.0)
        others = [0, -1, None] if options else [0, -1]
        for asked in [axis, *others * is_alone]:
            for target in with_columns(ignored, place, size):
                found = by_labels(name, given, target, {"axis": asked, **options})
                # Without an axis tables have terms.
                yield found.sum(axis=axis) if found.shape == shape else found, expected


def with_columns(classes, place, size):
    """Labels without the axis of the classes, and with size 1 along it where there are several."""
    return [classes, *[np.expand_dims(classes, place)] * (size > 1)]


def by_labels(name, given, target, call):
    """Losses by the remedy for class labels."""
    remedy = told(name, given | {"target": target}, **call)
    code, loss, options, where, of_mask, clipped = re.match(DENSELY, remedy).groups()
    followed = re.findall(r"(axis|target_is)=('\w+'|-?\d+)", options)
    if loss is not None:  # of logits, which have an axis
        call = {"axis": call["axis"]} if call["axis"] is not None else {}
    call = call | {option: eval(chosen) for option, chosen in followed}
    call |= {"axis": int(of_mask)} if of_mask else {}
    mended = given | {"target": value(code, target=value(clipped, target=target))}
    return losses_of(loss or name, mended, **call, where=value(where, target=target))


def labels_of_part(name, shape, axis):
    """Labels beside the indices of a teacher."""
    place, size = axis % len(shape), shape[axis]
    classes = RNG.integers(0, size, shape[:place] + shape[place + 1 :])
    given = {"input": RNG.normal(size=shape), "indices": np.expand_dims(classes, place)}
    encoded = np.moveaxis(np.eye(size)[classes], -1, place)
    expected = divergences(name, softmax(given["input"], axis), encoded, axis)
    for target in with_columns(classes, place, size):
        remedy = told(name, given | {"target": target}, axis=axis)
        code = re.search(r"pass them as indices=(.*?), and as `target` ones", remedy)[1]
        indices = value(code, target=target)
        mended = given | {"indices": indices, "target": np.ones(indices.shape)}
        yield losses_of(name, mended, axis=axis, target_is="probabilities"), expected
