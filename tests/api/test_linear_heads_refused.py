"""Divergences from hidden states: what is refused, each in one sentence."""

import pytest
from api.linear_heads import BIAS, HEADS, HIDDEN, TARGET, TARGET_WEIGHT, TEACHER, WEIGHT
from array_libraries import library
from conftest import usable

from kldiv_xp import linear_kl_div

pytestmark = pytest.mark.usefixtures("small_blocks")


def wrong(**operands):
    names = "input", "weight", "target", "bias", "target_weight", "target_bias"
    return dict(zip(names, HEADS, strict=True)) | operands


WRONG = [
    (
        {"weight": WEIGHT.T},
        "`weight` must have the shape (vocabulary, 5), whose second size is the last of `input`; "
        "got (5, 7) where `input` has (2, 3, 5): pass the weight of the last linear layer as "
        "torch.nn.Linear holds it, transposed if it is stored the other way.",
    ),
    (
        {"bias": BIAS[:3]},
        "`bias` must have the shape (7,), one number for each row of `weight`; got (3,): leave it "
        "out if the layer has none.",
    ),
    (
        {"target_weight": None},
        "`target_bias` must come with `target_weight`; got it alone: pass both, with the "
        "teacher's hidden states as `target`.",
    ),
    (
        {"target_weight": None, "target_bias": None},
        "`target` must have the shape (2, 3, 7); got (2, 3, 4) where `input` has (2, 3, 5) and "
        "`weight` (7, 5): pass the places of top-k values with indices=, or pass the teacher's "
        "hidden states with target_weight=, or cut another vocabulary to the shared entries, "
        "`weight` with [:4], and `bias` if there is one.",
    ),
    (
        {"target_is": "probabilities"},
        "`target_is` must be 'logits' where `target_weight` makes them; got 'probabilities': "
        "leave one of the two out.",
    ),
    (
        {"target_weight": TARGET_WEIGHT[:6], "target_bias": None},
        "`weight` and `target_weight` must have one vocabulary, and so as many rows; got the "
        "shapes (7, 5) and (6, 4): cut both to the shared rows, e.g. with [:6].",
    ),
    (
        {"target": TEACHER[:1]},
        "`target` must have the shape (2, 3, 4); got (1, 3, 4) where `input` has (2, 3, 5) and "
        "`weight` (7, 5): pass the same samples in both, one row for each.",
    ),
]


@pytest.mark.parametrize(("operands", "sentence"), WRONG)
def test_wrong_operands_are_told_in_a_sentence(operands, sentence):
    with pytest.raises(ValueError, match="must") as caught:
        linear_kl_div(**wrong(**operands))
    assert str(caught.value) == sentence


def test_temperature_that_is_an_array_of_another_library_is_refused():
    usable("torch")
    torch = library("torch")
    hidden, weight, target = (torch.tensor(one) for one in (HIDDEN, WEIGHT, TARGET))
    with pytest.raises(TypeError, match="temperature") as caught:
        linear_kl_div(hidden, weight, target, temperature=torch.tensor(2.0))
    assert str(caught.value) == (
        "`temperature` must be a number where logits are made in blocks; got an array: pass "
        "float(temperature), or divide the hidden states and the bias by it."
    )
    assert linear_kl_div(hidden, weight, target, temperature=2.0) > 0
