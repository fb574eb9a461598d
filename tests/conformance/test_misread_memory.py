"""Losses that misread memory are named as such, as are other causes that all failures share."""

import pytest
from conformance_misread import MISREADING

from kldiv_conformance import ADAPTERS, Implementation, find, judge, vectors
from kldiv_conformance._common_cause import common_cause
from kldiv_conformance._explanations import explained
from kldiv_xp import kl_div

ORDINARY = vectors("ordinary") + vectors("zeros_and_infinities")
ASKED = [it for it in vectors() if it.kind == "value" and it.function is None]
ASKED = [it for it in ASKED if len(it.input.values) < 100]
FOUND = "right where all operands lie in one piece of memory, wrong for "


def returning_nothing(input, target, *, reduction="mean", log_target=False):
    return None


def raising(input, target, *, reduction="mean", log_target=False):
    raise RuntimeError("no device")


def of_another_dtype(input, target, *, reduction="mean", log_target=False):
    return kl_div(input, target, reduction=reduction, log_target=log_target).astype("longdouble")


def cause_of(loss):
    adapter = ADAPTERS["numpy"]
    outcomes = [judge(vector, adapter, Implementation("other", loss)) for vector in ORDINARY]
    return common_cause([one.to_json() for one in outcomes])


@pytest.mark.few(1, 3)
@pytest.mark.parametrize(
    ("loss", "cause"),
    [
        (
            MISREADING["from its address"],
            "do not lie in one piece of memory: read them by",
        ),
        (returning_nothing, "return something that is no array of the backend; the first"),
        (raising, "raise an exception; the first: must return a value, but raised RuntimeError"),
        (of_another_dtype, "have another dtype; the first: value must have the dtype"),
    ],
)
def test_cause_that_all_failures_share_is_named(loss, cause):
    assert cause in cause_of(loss)


@pytest.mark.parametrize(
    ("detail", "cause"),
    [
        ("no answer within 1 seconds.", "have no answer in time; the first: no answer within"),
        (
            "the process of numpy ended with status 1: gone",
            "end the process that computes them; the first: the process of numpy ended",
        ),
    ],
)
def test_processes_that_end_or_do_not_answer_are_a_cause(detail, cause):
    lines = [{"id": one.id, "verdict": "failure", "detail": detail} for one in ORDINARY]
    assert cause in common_cause(lines)


def test_failures_without_a_common_cause_have_none():
    assert cause_of(kl_div) is None
    assert cause_of(lambda q, p, **options: -kl_div(q, p, **options)) is None


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("loss", MISREADING.values(), ids=MISREADING)
def test_loss_that_misreads_memory_is_convicted_of_just_that(loss):
    lines = [judge(it, ADAPTERS["numpy"], Implementation("other", loss)).to_json() for it in ASKED]
    failures = [line for line in lines if line["verdict"] == "failure"]
    assert len(failures) >= 5
    assert all(line["detail"].startswith(FOUND) for line in failures)
    assert explained(lines) == (
        [
            f"{len(failures)} failures come of operands that do not lie in one piece of memory: "
            "read them by their strides, or copy them into one piece first."
        ],
        [],
    )


def test_layouts_of_the_operands_are_told():
    vector = find("reductions_043")
    outcome = judge(
        vector, ADAPTERS["numpy"], Implementation("other", MISREADING["both as one lies"])
    )
    assert outcome.verdict == "pass"
    loss = Implementation("other", MISREADING["one operand in order of memory"])
    outcome = judge(vector, ADAPTERS["numpy"], loss)
    assert outcome.detail.startswith(
        f"{FOUND}offset input, channels-last target: value is wrong in 1 of 1 places"
    )


def test_wrong_loss_is_told_its_numbers_and_not_its_layouts():
    outcome = judge(find("ordinary_029"), ADAPTERS["numpy"], Implementation("none", raising))
    assert outcome.detail == "must return a value, but raised RuntimeError: no device"


def by_strides_of_the_shape(torch, tensor):
    """A kernel that takes a tensor for one in one piece; past the memory it reads its first."""
    memory = torch.tensor(tensor.untyped_storage().tolist(), dtype=torch.uint8).view(tensor.dtype)
    places = tensor.storage_offset() + torch.arange(tensor.numel())
    return memory[places % memory.numel()].reshape(tensor.shape)


def test_tensor_that_is_read_as_one_piece_is_convicted():
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def loss(input, target, **options):
        pair = (by_strides_of_the_shape(torch, it) for it in (input, target))
        return kl_div(*pair, **options)

    lines = [judge(it, ADAPTERS["torch"], Implementation("other", loss)) for it in ORDINARY[:30]]
    failures = [line.detail for line in lines if line.verdict == "failure"]
    assert failures
    assert all(detail.startswith(FOUND) for detail in failures)


REFUSALS = {
    "negative strides": ValueError("At least one stride in the given numpy array is negative"),
    "not implemented": NotImplementedError("only one piece"),
    "read-only": BufferError("buffer source array is read-only"),
    "a check of torch": RuntimeError("input must be contiguous"),
}


def refusing(error):
    def loss(input, target, **options):
        if not (input.flags.c_contiguous and target.flags.c_contiguous):
            raise error
        return kl_div(input, target, **options)

    return Implementation("refusing", loss)


@pytest.mark.few(2, 2)
@pytest.mark.parametrize("error", REFUSALS.values(), ids=REFUSALS)
def test_layout_that_is_refused_is_not_supported(error):
    found = [judge(vector, ADAPTERS["numpy"], refusing(error)) for vector in ORDINARY]
    assert {it.verdict for it in found} == {"pass", "not supported"}
    told = "operands that do not lie in one piece of memory are refused: "
    (detail,) = {it.detail for it in found if it.detail.startswith(told)}
    assert detail.endswith(str(error))


def test_error_that_refuses_nothing_is_a_failure():
    error = RuntimeError("view size is not compatible with input tensor's size and stride")
    found = [judge(vector, ADAPTERS["numpy"], refusing(error)) for vector in ORDINARY]
    failures = [it.detail for it in found if it.verdict == "failure"]
    assert failures
    assert all("must return a value, but raised RuntimeError: view" in one for one in failures)
