"""Labels, masks of numbers and masks added to logits: the remedy selects what was meant."""

import re

import numpy as np
import pytest
from array_libraries import library
from checks.following_remedies import kl, log_softmax, made, softmax
from conftest import usable
from numpy.testing import assert_allclose
from words import value, words

import kldiv_xp
from kldiv_xp.checks.number_masks import ANY_NUMBERS, WEIGHTS

RNG = np.random.default_rng(41)
HIDDEN, WEIGHT = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3))
LOGITS, TEACHER = HIDDEN @ WEIGHT.T, RNG.normal(size=(4, 5))
PLACES = np.argsort(-TEACHER)[:, :5]
MEANT = np.asarray([True, False, True, True])
ONES = "where != 0 if it is 0 at what is left out, or where == 0 if it is 1 at padding"
LEAST = float(np.finfo("float32").min)
# What is given as `where`, and what the remedy says where values are read.
MASKS = {
    "ones": (np.where(MEANT, 1, 0), ONES),
    "ones in floats": (
        np.where(MEANT, 1.0, 0.0),
        ONES,
    ),
    "labels": (
        np.where(MEANT, [3, 0, 0, 1], -100),
        "where != -100, if these are labels and those of -100 are left out",
    ),
    "labels of -1": (
        np.where(MEANT, [3, 0, 0, 1], -1),
        "where != -1, if these are labels and those of -1 are left out",
    ),
    "labels of images": (
        np.where(MEANT, [3, 0, 0, 1], 255),
        "where != 255, if these are labels and those of 255 are left out",
    ),
    "added": (
        np.where(MEANT, 0.0, -np.inf),
        "where == 0, which is where a mask that is added to logits leaves them as they are",
    ),
    "added and finite": (
        np.where(MEANT, 0.0, LEAST),
        "where == 0, which is where a mask that is added to logits leaves them as they are",
    ),
}
ANY = ANY_NUMBERS.format(x="where", ignored=-100).removeprefix("pass ")
OR_WEIGHTS = WEIGHTS.format(made="", w="where", total="{total}")
# Which of the cases that are named where no value is read.
CASES = {
    "ones": "!= 0 if it is 0 at what is left out", "ones in floats": "!= 0 if it is 0 at what is",
    "labels": "!= -100 if it holds labels", "added": "== 0 if it is 0 at what has a part",
    "added and finite": "== 0 if it is 0 at what has a part",
}  # fmt: skip
CALLS = {
    "kl_div": ({"axis": -1, "reduction": "sum"}, log_softmax(LOGITS), softmax(TEACHER)),
    "js_div": (
        {"axis": -1, "reduction": "sum", "beta": 0.0}, log_softmax(LOGITS), softmax(TEACHER)
    ),
    "kl_div_with_logits": ({"reduction": "sum"}, LOGITS, TEACHER),
    "js_div_with_logits": ({"reduction": "sum", "beta": 0.0}, LOGITS, TEACHER),
    "sparse_kl_div_with_logits": (
        {"reduction": "sum", "target_is": "logits", "tail": "renormalize"},
        LOGITS, PLACES, np.take_along_axis(TEACHER, PLACES, 1),
    ),
    "linear_kl_div": ({"reduction": "sum"}, HIDDEN, WEIGHT, TEACHER),
}  # fmt: skip


def remedy(call, operands, where):
    """What the refusal of a mask says to pass."""
    with pytest.raises(TypeError) as caught:
        call(*operands, where=where)
    start = "`where` must be a mask of bools, True at what has a part in the loss; got "
    found = re.fullmatch(rf"{start}(.*?): pass (.*)\.", str(caught.value))
    assert found[1] == str(where.dtype)
    return found[2]


def called(backend, call_name, end=""):
    """Function with its options, and its operands as arrays of a backend."""
    options, *arrays = CALLS[call_name]
    function = getattr(kldiv_xp, call_name + end)
    if end:
        options = options | {"return_value": True}

    def call(*operands, **mask):
        found = function(*operands, **options, **mask)
        return found[0] if end else found

    return call, [made(backend, one) for one in arrays]


@pytest.mark.parametrize("end", ["", "_gradient"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("call_name", CALLS)
@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_a_mask_of_numbers_is_compared_with_what_its_values_tell(name, call_name, mask, end):
    backend = usable(name)
    call, operands = called(backend, call_name, end)
    values, told = MASKS[mask]
    where = made(backend, values)
    assert remedy(call, operands, where) == told
    chosen = value(re.match(r"where [!=]= -?\d+", told)[0], where=where)
    expected = kl(log_softmax(LOGITS)[MEANT], softmax(TEACHER)[MEANT])
    assert_allclose(backend.read(call(*operands, where=chosen)), expected, rtol=1e-12)


@pytest.mark.parametrize("mask", CASES)
@pytest.mark.parametrize("name", ["jax", "dask", "array-api-strict"])
def test_where_no_value_is_read_every_case_is_named(name, mask):
    backend = usable(name)
    call, operands = called(backend, "kl_div_with_logits")
    where = made(backend, MASKS[mask][0])
    of_weights = OR_WEIGHTS.format(total=words(backend, "total", "where"))
    assert remedy(call, operands, where) == ANY + of_weights * (MASKS[mask][0].dtype.kind == "f")
    code = re.search(rf"where {re.escape(CASES[mask])}", ANY)[0]
    chosen = value(re.match(r"where [!=]= -?\d+", code)[0], where=where)
    expected = kl(log_softmax(LOGITS)[MEANT], softmax(TEACHER)[MEANT])
    assert_allclose(backend.read(call(*operands, where=chosen)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "values",
    [
        [2.0, 0.0, 0.5, 1.0], [3, 0, 2, 1], [0, 0, 0, 0], [0.0, 0.0, 0.0, 0.0], [-100, -1, 2, 3],
        [0.0, -1.0, -2.0, 0.0], [np.nan, 1.0, 0.0, 1.0],
    ],
)  # fmt: skip
def test_numbers_that_may_be_anything_are_told_every_case(values):
    call, operands = called(usable("numpy"), "kl_div_with_logits")
    where = np.asarray(values)
    of_weights = OR_WEIGHTS.format(total="where.sum()")
    assert remedy(call, operands, where) == ANY + of_weights * (where.dtype.kind == "f")


def test_masks_that_are_transformed_are_not_read():
    usable("torch")
    torch = library("torch")
    pair, labels = (
        torch.tensor(np.asarray(one)) for one in ((LOGITS, TEACHER), MASKS["labels"][0])
    )

    def loss(where):
        return kldiv_xp.kl_div_with_logits(*pair, where=where)

    for where in (labels.expand(2, 4), labels.to("meta").expand(2, 4)):
        with pytest.raises(TypeError) as caught:
            torch.vmap(loss)(where)
        assert str(caught.value).endswith(f"got torch.int64: pass {ANY}.")


def test_traced_masks_are_not_read():
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    pair = [jax.numpy.asarray(one) for one in (LOGITS, TEACHER)]
    with pytest.raises(TypeError) as caught:
        jax.jit(lambda where: kldiv_xp.kl_div_with_logits(*pair, where=where))(
            jax.numpy.asarray(MASKS["labels"][0])
        )
    assert str(caught.value).endswith(f"pass {ANY}.")
