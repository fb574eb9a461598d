"""Mistakes along every axis, each with the loss that its remedy gives and the one that is meant."""

import inspect
import re

import numpy as np
import pytest
from checks.every_function import CLASSES

import kldiv_xp

# Along axes of one size a wrong axis gives a wrong number, along others mostly an error.
SHAPES = [(4, 4), (5, 4), (4, 4, 4), (2, 4, 3), (4, 1, 4), (2, 3, 2, 4)]
WALK = [(shape, axis) for shape in SHAPES for axis in range(-2, len(shape))]
RNG = np.random.default_rng(71)


def softmax(logits, axis=-1):
    exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def divergences(name, q, p, axis):
    """Divergence of each sample, by the textbook; a term without a target is 0."""

    def kl(one, other):
        with np.errstate(all="ignore"):
            return np.sum(np.where(one > 0, one * np.log(one / other), 0.0), axis=axis)

    if "js" not in name.lower():
        return kl(p, q)
    m = (q + p) / 2
    return (kl(p, m) + kl(q, m)) / 2


def losses_of(name, given, **options):
    """What reduction='none' gives of operands by their names, and of what else a call takes."""
    function, options = getattr(kldiv_xp, name), options | {"reduction": "none"}
    if name in CLASSES:
        called = {one: options.pop(one) for one in ("where",) if one in options}
        return function(**options)(**given, **called)
    if name.endswith("gradient"):
        return function(**given, **options, return_value=True)[0]
    return function(**given, **options)


def told(name, given, **options):
    """What follows the value in the sentence that refuses a call."""
    with pytest.raises((TypeError, ValueError)) as caught:
        losses_of(name, given, **options)
    return re.search(r"got .*?: (.*)\.$", str(caught.value), re.DOTALL)[1]


def value(code, **names):
    return eval(code, {"numpy": np, **names})


def operands_of(name, shape, axis, **options):
    """Operands of a loss, by their names, and the two distributions that they are."""
    logits = RNG.normal(size=(2, *shape))
    q, p = softmax(logits[0], axis), softmax(logits[1], axis)
    if "log_target" not in inspect.signature(getattr(kldiv_xp, name)).parameters:
        return {"input": logits[0], "target": logits[1]}, q, p
    is_log = options.get("log_input", True)
    return {"input": np.log(q) if is_log else q, "target": p}, q, p


def options_of_tables(name):
    """Options that say what `input` holds, of a loss that takes them; else none."""
    takes = inspect.signature(getattr(kldiv_xp, name)).parameters
    return [{"log_input": one} for one in (True, False)] if "log_input" in takes else [{}]


def masked_logits(name, shape, axis):
    """Whole samples that arrays mask, beside a mask or none."""
    given, q, p = operands_of(name, shape, axis)
    samples = divergences(name, q, p, axis)
    kept = [RNG.random(samples.shape) < 0.6 for _ in range(3)]
    masks = [np.broadcast_to(np.expand_dims(one, axis), shape) for one in kept]
    for masked in ({"input": 0}, {"target": 1}, {"input": 0, "target": 1}):
        arrays = {one: np.ma.masked_array(given[one], ~masks[at]) for one, at in masked.items()}
        remedy = told(name, given | arrays, axis=axis, where=kept[2])
        data, code = re.match(
            r"if whole samples are masked, pass (.*), with where=(.*), joined by & to", remedy
        ).groups()
        mended = {one.partition(".")[0]: value(one, **arrays) for one in data.split(" and ")}
        where = value(code, **arrays) & kept[2]
        selected = np.all([kept[at] for at in (*masked.values(), 2)], axis=0)
        yield (
            losses_of(name, given | mended, axis=axis, where=where),
            np.where(selected, samples, 0.0),
        )


def masked_tables(name, shape, axis):
    """Entries that arrays mask, beside a mask of samples."""
    for axes in (axis, (axis,), (0, len(shape) - 1)):
        given, q, p = operands_of(name, shape, axis)
        off = RNG.random(shape) < 0.4
        arrays = {"input": np.ma.masked_array(given["input"], off)}
        samples = np.sum(q, axis=axes) < np.inf
        beside = RNG.random(samples.shape) < 0.5
        remedy = told(name, given | arrays, axis=axes, where=beside)
        code, spread = re.fullmatch(
            r"pass input\.data, and say what has a part in the loss by where=(.*), joined by & to "
            r"a mask that you pass, as (.*) if that is of samples",
            remedy,
        ).groups()
        where = value(code, **arrays) & value(spread, where=beside)
        kept = ~off & np.expand_dims(beside, axes)
        terms = divergences(name, q[..., None], p[..., None], -1)
        yield (
            losses_of(name, given, axis=axes, where=where),
            np.sum(np.where(kept, terms, 0.0), axis=axes),
        )


def temperatures(name, shape, axis):
    """A temperature for each sample, and one that is the same along an axis of them."""
    place = axis % len(shape)
    given, _, _ = operands_of(name, shape, axis)
    of_samples = shape[:place] + shape[place + 1 :]
    for sizes in {of_samples, *((1,) * at + of_samples[at:] for at in range(len(of_samples)))}:
        if np.prod(sizes) == 1:
            continue
        heats = RNG.uniform(0.5, 4.0, size=sizes)
        for temperature in (heats, np.expand_dims(heats, place)):
            remedy = told(name, given, axis=axis, temperature=temperature)
            divisor, same, named, square = re.search(
                r"input / (.*?)(?: if it is the same (.*?))? and `target` .*what reduction='none'"
                r"(?: with axis=(\d+))? gives times (.*?) is the",
                remedy,
            ).groups()
            every = np.expand_dims(heats, place)
            if same not in {None, along(shape, every.shape, place)}:
                continue
            divided = value(divisor, temperature=temperature)
            found = losses_of(
                name, {one: it / divided for one, it in given.items()}, axis=int(named or axis)
            )
            q, p = (softmax(it / every, axis) for it in given.values())
            yield (
                found * value(square, temperature=temperature),
                divergences(name, q, p, axis) * heats**2,
            )


def along(shape, sizes, place):
    """The axes along which temperatures are the same, in words."""
    axes = [str(at) for at, size in enumerate(sizes) if size != shape[at] and at != place]
    return f"along {'axis' if len(axes) == 1 else 'axes'} {' and '.join(axes)}"


def samples_in_a_list(name, shape, axis):
    """Samples, or batches of one, in a list: beside an array, and in both operands."""
    given, q, p = operands_of(name, shape, axis)
    at = int(axis % len(shape) == 0)
    expected = divergences(name, q, p, axis)
    batches = np.split(given["input"], shape[at], at)
    for parts, meant in (
        (batches, "a batch"),
        ([np.squeeze(one, at) for one in batches], "one sample"),
    ):
        if shape[at] == 1:
            continue
        remedy = told(name, given | {"input": parts}, axis=axis)
        joined = value(code_if(remedy, meant), input=parts)
        yield losses_of(name, given | {"input": joined}, axis=axis), expected
        remedy = told(name, {"input": parts, "target": parts}, axis=axis)
        yield value(code_if(remedy, meant), input=parts), given["input"]


def code_if(remedy, meant):
    """Code that is told for parts of a kind, or for all."""
    codes = re.findall(r"(numpy[^)]*\)) if each (?:of them )?is (a batch|one sample)", remedy)
    return {kind: code for code, kind in codes}.get(meant, remedy.removeprefix("pass "))


def counts(name, shape, axis):
    """Counts in the place of probabilities."""
    for options in options_of_tables(name):
        given, q, _ = operands_of(name, shape, axis, **options)
        numbers = RNG.integers(1, 9, size=shape)
        expected = divergences(name, q, numbers / numbers.sum(axis, keepdims=True), axis)
        remedy = told(name, given | {"target": numbers}, axis=axis, **options)
        code = re.search(r"target / target\.sum\(axis=-?\d+, keepdims=True\)", remedy)[0]
        kind = {"target_is": "probabilities"} if "target_is=" in remedy else {}
        mended = given | {"target": value(code, target=numbers)}
        yield losses_of(name, mended, axis=axis, **options, **kind), expected


def numbers_as_masks(name, shape, axis):
    """Masks of ones and zeros, and masks of samples without an axis or with one too many."""
    given, q, p = operands_of(name, shape, axis)
    samples = divergences(name, q, p, axis)
    kept = RNG.random(samples.shape) < 0.5
    column = np.expand_dims(kept, axis)
    expected = np.where(kept, samples, 0.0)
    for where in (kept.astype(int), column[None], column.astype(float)):
        remedy = told(name, given, axis=axis, where=where)
        code = re.match(r"pass (.*?)(?: if .*)?$", remedy)[1]
        yield losses_of(name, given, axis=axis, where=value(code, where=where)), expected
