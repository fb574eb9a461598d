"""Losses that are right in common calls, and wrong in those that tests tend to leave out."""

import numpy as np
import pytest

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, judge, vectors
from kldiv_conformance._implementations import DIVERGENCES

RARE = vectors("rare_calls")
SPARSE, LINEAR = "sparse_kl_div_with_logits", "linear_kl_div"


def first_entries(arrays, options):
    return (arrays[0], arrays[1][..., :8], arrays[2][..., :8]), options


def first_dimensions(arrays, options):
    return (arrays[0][..., :8], arrays[1][..., :8], *arrays[2:]), options


def without_rare_entries(arrays, options):
    logits, indices, target = arrays
    if options["target_is"] == "probabilities":
        return (logits, indices, np.where(target < 1e-3, 0, target)), options
    return (logits, indices, np.where(target < np.log(1e-3), -np.inf, target)), options


def without_nan(arrays, options):
    return (np.nan_to_num(arrays[0], nan=0.0), *arrays[1:]), options


def without_mask(arrays, options):
    return arrays, options | ({"where": None} if options.get("axis") == 0 else {})


def without_old_arguments(arrays, options):
    return arrays, {it: options[it] for it in options if it not in ("size_average", "reduce")}


def biases_alike(arrays, options):
    given = {"target_bias": options.get("bias"), **options}
    return arrays, given if "target_weight" in options else options


def rows_of_the_mask(arrays, options):
    mask = options.get("where")
    if mask is not None and options["reduction"] == "batchmean" and options.get("axis") is None:
        kept = np.any(mask, axis=-1)
        return tuple(it[kept] for it in arrays), options | {"where": mask[kept]}
    return arrays, options


BUGS = [
    (SPARSE, first_entries, "SecondBlock"),
    (LINEAR, first_dimensions, "SecondBlock"),
    (SPARSE, without_rare_entries, "RareEntries"),
    *((name, without_nan, "MissingValue") for name in DIVERGENCES if name != "js_div"),
    *((name, without_mask, "SampleMask") for name in ("kl_div", *DIVERGENCES[:4])),
    ("kl_div", without_old_arguments, "LegacyArguments"),
    (LINEAR, biases_alike, "HiddenStates"),
    ("kl_div", rows_of_the_mask, "BatchMean"),
    ("js_div", rows_of_the_mask, "BatchMean"),
]


def wrong(name, bug):
    def loss(*arrays, **options):
        arrays, options = bug(arrays, options)
        return getattr(kldiv_xp, name)(*arrays, **options)

    return loss


def failures(name, loss):
    beside = {} if name == "kl_div" else {name: loss}
    implementation = Implementation("wrong", loss if name == "kl_div" else None, None, beside)
    asked = [it for it in RARE if (it.function or "kl_div") == name and it.kind == "value"]
    lines = [judge(vector, ADAPTERS["numpy"], implementation) for vector in asked]
    return [vector for vector, line in zip(asked, lines, strict=True) if line.verdict == "failure"]


@pytest.mark.few(0, 4)
@pytest.mark.parametrize(
    ("name", "bug", "flag"), BUGS, ids=lambda it: getattr(it, "__name__", str(it))
)
def test_loss_that_is_wrong_in_rare_calls_alone_is_convicted(name, bug, flag):
    found = failures(name, wrong(name, bug))
    assert any(flag in vector.flags for vector in found)


@pytest.mark.few(0, 6)
@pytest.mark.parametrize("name", ["kl_div", *DIVERGENCES])
def test_right_losses_pass(name):
    assert failures(name, getattr(kldiv_xp, name)) == []


def test_closed_form_gradient_that_overwrites_its_upstream_derivatives_is_convicted():
    def gradient(*arrays, upstream, **options):
        found = kldiv_xp.kl_div_gradient(*arrays, upstream=upstream, **options)
        upstream[...] = 0
        return found

    vector = next(it for it in RARE if it.function is None and "OwnUpstream" in it.flags)
    outcome = judge(
        vector, ADAPTERS["numpy"], Implementation("overwriting", kldiv_xp.kl_div, gradient)
    )
    assert outcome.verdict == "failure"
    assert outcome.detail == "the call changed upstream, which must stay as it was."


@pytest.mark.parametrize("name", [*DIVERGENCES, "kl_div"])
def test_rows_after_the_first_64_whose_derivative_stays_0_are_convicted(name):
    def gradient(*arrays, **options):
        found = getattr(kldiv_xp, f"{name}_gradient")(*arrays, **options)
        found[0][64:] = 0
        return found

    beside = {name: wrong(name, lambda *it: it), f"{name}_gradient": gradient}
    loss = beside[name] if name == "kl_div" else None
    implementation = Implementation("wrong", loss, gradient if loss else None, beside)
    asked = [it for it in RARE if (it.function or "kl_div") == name and "70 rows" in it.comment]
    [outcome] = [judge(vector, ADAPTERS["numpy"], implementation) for vector in asked]
    assert outcome.verdict == "failure"


def beyond_blocks(name, size):
    """A loss that counts the last block twice where sizes are multiples of a block."""

    def loss(*arrays, **options):
        found = getattr(kldiv_xp, name)(*arrays, **options)
        words = arrays[1].shape[0] if name == LINEAR else arrays[0].shape[-1]
        is_whole = arrays[0].flags.c_contiguous and words and words % size == 0
        return found * 1.5 if is_whole else found

    return loss


@pytest.mark.few(1, 17)
@pytest.mark.parametrize("size", [64, 128, 1024])
@pytest.mark.parametrize("name", [*DIVERGENCES, "kl_div"])
def test_last_block_twice_where_none_is_left_is_convicted(name, size):
    found = failures(name, beyond_blocks(name, size))
    assert any("SecondBlock" in vector.flags for vector in found)


def test_what_is_wrong_in_one_piece_alone_is_told_as_that():
    implementation = Implementation("wrong", beyond_blocks("kl_div", 64), None, {})
    details = [
        judge(it, ADAPTERS["numpy"], implementation).detail
        for it in RARE
        if it.function is None and it.kind == "value" and it.input.shape == (17, 64)
    ]
    said = "wrong where all operands lie in one piece: value is wrong in "
    assert any(said in it and it.startswith("right for ") for it in details)


def has_empty_block(array, size, first):
    """Whether all numbers of a block of classes are -inf: the first one, or any."""
    whole = array[..., : array.shape[-1] // size * size]
    blocks = np.all(np.isneginf(whole).reshape(*array.shape[:-1], -1, size), axis=-1)
    return bool(np.any(blocks[..., :1] if first else blocks))


@pytest.mark.few(0, 8)
@pytest.mark.parametrize(("size", "first"), [(8, True), (64, True), (1024, True), (128, False)])
@pytest.mark.parametrize("name", ["kl_div_with_logits", "js_div_with_logits"])
def test_online_softmax_that_is_nan_where_a_block_has_no_class_is_convicted(name, size, first):
    def loss(*arrays, **options):
        found = getattr(kldiv_xp, name)(*arrays, **options)
        wide = arrays[0].ndim > 0 and arrays[0].shape[-1] >= size
        is_lost = wide and has_empty_block(arrays[0], size, first)
        return found * np.nan if is_lost else found

    assert any("MaskedVocabulary" in vector.flags for vector in failures(name, loss))


@pytest.mark.parametrize("name", [*DIVERGENCES[:2], LINEAR])
def test_masks_of_which_the_first_64_rows_have_nothing_are_asked(name):
    asked = [it for it in RARE if it.function == name and it.where is not None]
    assert any(not any(it.where.values[:64]) for it in asked)


@pytest.mark.few(1, 17)
@pytest.mark.parametrize("size", [4, 16, 32])
@pytest.mark.parametrize("name", [*DIVERGENCES, "kl_div"])
def test_what_is_lost_where_both_axes_are_long_is_convicted(name, size):
    def loss(*arrays, **options):
        found = getattr(kldiv_xp, name)(*arrays, **options)
        words = arrays[1].shape[0] if name == LINEAR else arrays[0].shape[-1]
        is_large = arrays[0].ndim == 2 and arrays[0].shape[0] > size and words > size
        return found * 0.75 if is_large else found

    assert any("SecondBlock" in vector.flags for vector in failures(name, loss))


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", [*DIVERGENCES[:3], "kl_div"])
def test_gradients_of_16_bits_that_stay_0_beyond_128_classes_are_convicted(name, side):
    def gradient(*arrays, **options):
        found = getattr(kldiv_xp, f"{name}_gradient")(*arrays, **options)
        if arrays[0].dtype == np.float16:
            found[side][..., 128:] = 0
        return found

    beside = {name: wrong(name, lambda *it: it), f"{name}_gradient": gradient}
    loss = beside[name] if name == "kl_div" else None
    implementation = Implementation("wrong", loss, gradient if loss else None, beside)
    asked = [it for it in RARE if (it.function or "kl_div") == name and it.kind == "gradient"]
    lines = [judge(vector, ADAPTERS["numpy"], implementation) for vector in asked]
    found = [it for it, line in zip(asked, lines, strict=True) if line.verdict == "failure"]
    assert any("HalfPrecision" in vector.flags for vector in found)
