"""A fuzz session convicts a wrong loss, and what it saves makes the failure happen again."""

import math

import numpy as np
import pytest
from array_libraries import BACKENDS

import kldiv_xp

session = pytest.importorskip("fuzz.session", reason="fuzz/ or mpmath is not here")

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

RIGHT = {
    name: getattr(kldiv_xp, name)
    for name in (
        *("kl_div", "js_div_with_logits", "sparse_kl_div_with_logits"),
        *("js_div", "linear_kl_div"),
    )
}


def off_by_a_little(input, target, **options):
    return np.asarray(RIGHT["kl_div"](input, target, **options) * np.float64(1 + 1e-13))


def not_a_number_at_zero(input, target, **options):
    if (target == 0).any() and not options["log_target"]:
        return np.full_like(RIGHT["kl_div"](input, target, **options), math.nan)
    return RIGHT["kl_div"](input, target, **options)


def in_the_type_of_the_input(input, target, **options):
    return RIGHT["kl_div"](input, target, **options).astype(input.dtype)


def changes_its_operand(input, target, **options):
    if input.flags.writeable:
        input[...] = 0
    return RIGHT["kl_div"](input, target, **options)


def without_the_weight(input, target, *, beta=0.5, **options):
    return RIGHT["js_div_with_logits"](input, target, beta=1 - beta, **options)


def without_the_bucket(input, indices, target, *, tail, **options):
    tail = "zero" if tail == "bucket" else tail
    return RIGHT["sparse_kl_div_with_logits"](input, indices, target, tail=tail, **options)


def with_the_other_weight(input, target, *, beta, **options):
    return RIGHT["js_div"](input, target, beta=1 - beta, **options)


def without_the_bias(input, weight, target, *, bias, **options):
    return RIGHT["linear_kl_div"](input, weight, target, **options)


WRONG = [
    ("value", "kl_div", off_by_a_little),
    ("value", "kl_div", not_a_number_at_zero),
    ("value", "kl_div", in_the_type_of_the_input),
    ("value", "kl_div", changes_its_operand),
    ("logits", "js_div_with_logits", without_the_weight),
    ("sparse", "sparse_kl_div_with_logits", without_the_bucket),
    ("tables", "js_div", with_the_other_weight),
    ("linear", "linear_kl_div", without_the_bias),
]


@pytest.mark.long
@pytest.mark.parametrize(("check", "name", "wrong"), WRONG)
def test_wrong_function_is_convicted_and_its_failure_can_be_replayed(
    monkeypatch, tmp_path, check, name, wrong
):
    monkeypatch.setattr(kldiv_xp, name, wrong)
    tally = session.Tally()
    session.attempt(session.Pair(check, BACKENDS["numpy"]), 1, 300, tally, tmp_path)
    (saved,) = tally.failures
    record = session.load(tmp_path / f"{check}-numpy-1.json")
    assert saved == str(tmp_path / f"{check}-numpy-1.json")
    assert (record["check"], record["backend"], record["seed"]) == (check, "numpy", 1)
    with pytest.raises(AssertionError):
        session.replay(record)
    monkeypatch.setattr(kldiv_xp, name, RIGHT[name])
    session.attempt(session.Pair(check, BACKENDS["numpy"]), 1, 20, tally, tmp_path)
    assert len(tally.failures) == 1
