"""Masked arrays, of logits and in chunks: the remedy leaves out what is masked."""

import numpy as np
import pytest
from conftest import imported

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits

LOGITS, TEACHER = np.random.default_rng(4).normal(size=(2, 4, 6))
ENTRIES = LOGITS > 1
ENTRIES[:, 0] = False
SAMPLES = np.repeat(np.asarray([[True], [False], [False], [True]]), 6, axis=1)
LIBRARIES = ["numpy", "torch", "dask.array"]
EVERY_LIBRARY = pytest.mark.parametrize("library", LIBRARIES)
pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of MaskedTensors")


def plain(library, values):
    """Array of a library, without a mask."""
    module = imported(library)
    if library == "numpy":
        return values
    return module.from_numpy(values) if library == "torch" else module.from_array(values)


def masked(library, values, mask):
    """Array of a library that has a mask, whose True leaves out."""
    if library == "torch":
        # A kept entry is True in the mask of torch.
        new = imported("torch.masked").masked_tensor
        return new(plain(library, values), plain(library, ~mask))
    if library == "numpy":
        return np.ma.array(values, mask=mask)
    return imported("dask.array").ma.masked_array(plain(library, values), mask=mask)


def told(function, *operands):
    """The remedies of a masked array."""
    with pytest.raises(TypeError, match="must be an array without a mask of its own") as caught:
        function(*operands)
    return str(caught.value).partition(": ")[2]


def followed(library, code, **names):
    """Value of an expression, given these names and the modules that it uses."""
    modules = {one: imported(one) for one in ("numpy", "dask", library.partition(".")[0])}
    imported("dask.array")
    return eval(code, {**modules, **names})


def number(loss):
    """The loss as a number of Python."""
    return float(loss.compute() if hasattr(loss, "compute") else loss)


@EVERY_LIBRARY
def test_mask_of_tables_is_told_in_the_words_of_their_library(library):
    log_q, p = np.log(np.abs(LOGITS)), np.abs(TEACHER)
    given, target = masked(library, log_q, ENTRIES), plain(library, p)
    remedy = told(kl_div, given, target)
    data = remedy.removeprefix("pass ").partition(", and say")[0]
    where = remedy.partition(" by where=")[2].partition(", joined")[0]
    names = {"input": given, "target": target}
    loss = kl_div(
        followed(library, data, **names),
        target,
        reduction="sum",
        where=followed(library, where, **names),
    )
    assert number(loss) == pytest.approx(kl_div(log_q, p, reduction="sum", where=~ENTRIES))


@EVERY_LIBRARY
@pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
def test_mask_of_samples_of_logits_becomes_one_of_the_loss(library, loss):
    given, target = masked(library, LOGITS, SAMPLES), plain(library, TEACHER)
    remedy = told(loss, given, target)
    data, _, where = remedy.removeprefix("if whole samples are masked, pass ").partition(
        ", with where="
    )
    names = {"input": given, "target": target}
    where = followed(library, where.partition(", joined by & to")[0], **names)
    value = loss(followed(library, data, **names), target, where=where)
    assert number(value) == pytest.approx(loss(LOGITS, TEACHER, where=~SAMPLES[:, 0]))


@EVERY_LIBRARY
@pytest.mark.parametrize("place", ["input", "target"])
def test_mask_of_entries_of_logits_becomes_infinite_logits(library, place):
    given = {"input": plain(library, LOGITS), "target": plain(library, TEACHER)}
    values = given[place]
    given[place] = masked(library, {"input": LOGITS, "target": TEACHER}[place], ENTRIES)
    remedy = told(kl_div_with_logits, *given.values())
    start = "to leave out masked entries, make their logits -inf in both operands, e.g. "
    code = remedy.partition(start)[2].removesuffix(".")
    other = {"input": "target", "target": "input"}[place]
    data = code.partition(", ")[2].rpartition(", ")[0]
    ours = followed(library, code, **{place: given[place]})
    theirs = followed(library, code.replace(data, other), **given)
    pair = {place: ours, other: theirs}
    loss = kl_div_with_logits(pair["input"], pair["target"])
    kept = [np.where(ENTRIES, -np.inf, one) for one in (LOGITS, TEACHER)]
    assert values.shape == LOGITS.shape
    assert number(loss) == pytest.approx(kl_div_with_logits(*kept))


def test_masks_of_both_operands_of_logits_are_told_together():
    pair = [np.ma.array(one, mask=SAMPLES) for one in (LOGITS, TEACHER)]
    assert told(kl_div_with_logits, *pair).startswith(
        "if whole samples are masked, pass input.data and target.data, with "
        "where=(~numpy.ma.getmaskarray(input)).any(-1) & (~numpy.ma.getmaskarray(target)).any(-1), "
        "joined by & to a mask that you pass; "
    )
