"""PyTorch's DTensor on 2 and 4 processes: the values of one, whatever lies where."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch", reason="torch is not installed")

from rank_programs import PROCESSES, found_by_ranks, loaded  # noqa: E402 - torch may be missing

PROGRAM = Path(__file__).with_name("dtensor_ranks.py")

if not torch.distributed.is_available():
    pytest.skip("this torch is built without torch.distributed", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

LAYOUTS = [
    *["batch", "vocabulary", "replicated", "batch, uneven", "vocabulary, uneven"],
    *["batch, fewer than processes", "vocabulary, fewer than processes"],
    *["batch, bfloat16", "vocabulary, bfloat16"],
    *["vocabulary of sequences", "batch and vocabulary"],
    *["vocabulary and copies", "vocabulary, cut twice"],
]
LOSSES = [
    *["sum", "mean", "batchmean", "terms", "samples"],
    *["masked", "terms, masked", "samples, masked", "logarithm", "tables"],
    *["logits", "logits, rows", "logits, masked", "logits, probabilities", "logits, near"],
    *["js", "js, near"],
]
PAIRS = [
    *["batch beside vocabulary", "batch beside replicated", "vocabulary beside replicated"],
    "batch beside sums to come",
]
COMPILED = [
    *[("batchmean", "vocabulary"), ("masked", "batch")],
    *[("logits", "vocabulary"), ("logits, rows", "batch")],
]
EVERY_PAIR = pytest.mark.parametrize("where", PAIRS)
EVERY_LAYOUT = pytest.mark.parametrize("layout", LAYOUTS)
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES)


@pytest.fixture(scope="module")
def ranks():
    """The program of the ranks, whose parts are called here in a single process."""
    return loaded(PROGRAM)


@pytest.fixture(scope="module", params=PROCESSES)
def processes(request):
    """How many processes there are."""
    return request.param


@pytest.fixture(scope="module")
def found(processes, tmp_path_factory):
    """Findings of the ranks."""
    return found_by_ranks(PROGRAM, processes, tmp_path_factory, compiling=False)


@pytest.fixture(scope="module")
def found_compiled(processes, tmp_path_factory):
    """Results of the ranks' compiled programs."""
    if os.environ.get("KLDIV_XP_RANKS") == "fork":
        pytest.skip("forks compile nothing")
    return found_by_ranks(PROGRAM, processes, tmp_path_factory, compiling=True)


def single(ranks, loss, layout):
    """Value and gradient in this process alone."""
    operands = ranks.given.operands(loss, ranks.LAYOUTS[layout])
    return ranks.value_and_gradient(ranks.LOSSES[loss], *operands)


def tolerance(ranks, layout):
    """Both round once to 16 bits, what rounding apart in 32 has told apart."""
    if ranks.LAYOUTS[layout].dtype == ranks.torch.bfloat16:
        return {"rtol": 2**-7, "atol": 1e-6}
    return {"rtol": 1e-12, "atol": 1e-15}


def test_every_loss_of_the_ranks_is_tested(ranks):
    names = [list(each) for each in (ranks.LAYOUTS, ranks.LOSSES, ranks.APART, ranks.COMPILED)]
    assert names == [LAYOUTS, LOSSES, PAIRS, COMPILED]


@EVERY_LAYOUT
@EVERY_LOSS
def test_value_and_gradient_are_those_of_a_single_process(found, ranks, layout, loss):
    for distributed, alone in zip(
        found[loss, layout]["results"], single(ranks, loss, layout), strict=True
    ):
        assert (distributed.shape, distributed.dtype) == (alone.shape, alone.dtype)
        assert_allclose(distributed.double(), alone.double(), **tolerance(ranks, layout))


@EVERY_LAYOUT
@EVERY_LOSS
def test_no_operand_is_gathered(found, layout, loss):
    collectives = found[loss, layout]["collectives"]
    assert not [name for name in collectives if "allreduce" not in name.replace("_", "")], (
        collectives
    )
    if layout == "replicated":
        assert collectives == {}


@EVERY_LAYOUT
@EVERY_LOSS
def test_gradient_stays_where_its_operand_is(found, ranks, layout, loss):
    expected = str(ranks.LAYOUTS[layout].placements)
    _, *derivatives = found[loss, layout]["placements"]
    assert derivatives == [expected] * 2


@EVERY_LAYOUT
@EVERY_LOSS
def test_reduced_loss_is_whole_on_every_process(found, ranks, layout, loss):
    value, *_ = found[loss, layout]["placements"]
    if loss.startswith(("terms", "samples")) or loss.endswith((", rows", ", near")):
        assert "Partial" not in value
    else:  # of a sum yet to be added up, item() would be the share of a process
        whole = (ranks.Replicate(),) * len(ranks.LAYOUTS[layout].placements)
        assert value == str(whole)


@EVERY_PAIR
@pytest.mark.parametrize("loss", ["batchmean", "terms", "samples", "logits"])
def test_operands_that_lie_apart_give_the_same(found, ranks, where, loss):
    for distributed, alone in zip(
        found["apart", loss, where], single(ranks, loss, "batch"), strict=True
    ):
        assert_allclose(distributed, alone, rtol=1e-12, atol=1e-15)


@pytest.mark.long
@pytest.mark.parametrize(("loss", "layout"), COMPILED)
def test_compiled_in_one_graph_it_is_the_same_and_gathers_nothing(
    found_compiled, found, ranks, layout, loss
):
    graph = found_compiled[loss, layout]
    for distributed, alone in zip(graph["results"], single(ranks, loss, layout), strict=True):
        assert_allclose(distributed, alone, rtol=1e-12, atol=1e-15)
    assert graph["placements"] == found[loss, layout]["placements"]
    assert {name.split(".")[1] for name in graph["collectives"]} <= {"all_reduce", "all_reduce_"}
    assert graph["collectives"] or (loss, layout) == ("logits, rows", "batch")


def test_batchmean_divides_by_the_batch_of_all_processes(found, ranks):
    log_q, p = (one.numpy() for one in ranks.given.operands("batchmean", ranks.LAYOUTS["batch"]))
    kept = p > 0
    expected = (p[kept] * (np.log(p[kept]) - log_q[kept])).sum() / ranks.ROWS
    assert_allclose(found["batchmean", "batch"]["results"][0], expected, rtol=1e-12)


@pytest.mark.parametrize("where", [*LAYOUTS, *PAIRS])
def test_gradient_in_closed_form_is_that_of_a_single_process(found, ranks, where):
    layout = where if where in LAYOUTS else "batch"
    operands = ranks.given.operands("sum", ranks.LAYOUTS[layout])
    alone = ranks.closed_gradient(operands)
    for distributed, expected in zip(found["closed", where], alone, strict=True):
        assert_allclose(distributed.double(), expected.double(), **tolerance(ranks, layout))


@EVERY_LAYOUT
def test_gradient_of_logits_in_closed_form_is_that_of_a_single_process(found, ranks, layout):
    operands = ranks.given.operands("logits, masked", ranks.LAYOUTS[layout])
    alone = ranks.closed_gradient_of_logits(*operands)
    for distributed, expected in zip(found["closed logits", layout], alone, strict=True):
        assert_allclose(distributed.double(), expected.double(), **tolerance(ranks, layout))


@EVERY_LAYOUT
@pytest.mark.parametrize("kind", ["number", "terms"])
def test_gradient_times_an_upstream_derivative_is_that_of_a_single_process(
    found, ranks, layout, kind
):
    log_q, p, mask = ranks.given.operands("terms, masked", ranks.LAYOUTS[layout])
    upstream = ranks.upstream_of(kind, ranks.LAYOUTS[layout].shape)
    reduction = ranks.REDUCTIONS[kind]
    alone = ranks.kl_div_gradient(log_q, p, reduction=reduction, upstream=upstream, where=mask)
    for distributed, expected in zip(found["chained", kind, layout], alone, strict=True):
        assert_allclose(distributed.double(), expected.double(), **tolerance(ranks, layout))


def test_teacher_known_at_some_indices_goes_with_samples_that_are_whole(found, ranks):
    alone = ranks.sparse(*ranks.teachers())
    results = found["sparse"]
    count = len(alone)
    distributed, refusal, followed = results[:count], results[count], results[count + 1 :]
    assert refusal == (
        "`input` must not be split along `axis` where the teacher is known at some indices; got "
        "the placements (Shard(dim=1),): pass input.redistribute(placements=[Replicate()]), or "
        "split the samples."
    )
    for pair in (distributed, followed):
        for one, other in zip(pair, alone, strict=True):
            assert_allclose(one, other, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("place", ["tokens", "vocabulary", "replicated"])
def test_loss_of_hidden_states_in_parts_is_that_of_a_single_process(found, ranks, place):
    alone = ranks.dtensor_hidden.hidden(*ranks.dtensor_hidden.operands())
    for distributed, one in zip(found["hidden", place], alone, strict=True):
        assert_allclose(distributed, one, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", ["ddp", "fsdp", "fsdp, hidden", "head"])
def test_student_trained_by_many_is_that_trained_by_one(found, ranks, kind):
    alone = ranks.training.alone()
    assert alone[ranks.training.STEPS - 1] < 0.7 * alone[0]
    for distributed, expected in zip(found["trained", kind], alone, strict=True):
        assert_allclose(distributed, expected, rtol=1e-10, atol=1e-14)


PLAIN = [
    *[(loss, name) for loss in ("tables", "logits", "gradient") for name in ("input", "target")],
    *[(loss, "where") for loss in ("tables", "logits", "gradient", "sparse")],
    *[("sparse", name) for name in ("input", "indices", "target")],
    *[("hidden", name) for name in ("input", "weight", "target")],
]


@pytest.mark.parametrize(("loss", "name"), PLAIN)
def test_plain_tensor_beside_dtensors_is_told_and_the_remedy_gives_the_loss(
    found, ranks, loss, name
):
    assert sorted(PLAIN) == sorted(ranks.dtensor_beside_plain.CASES)
    function, operands = ranks.dtensor_beside_plain.LOSSES[loss]
    told, *results = found["plain", loss, name]
    start, _, remedy = told.partition("; got torch.Tensor: ")
    beside = start.split("`")[3]
    assert start == f"`{name}` must be a DTensor beside `{beside}`, which is one"
    copied = (
        f"if every process has all of {{}}, pass DTensor.from_local({name}, {beside}.device_mesh)."
    )
    if beside == "weight":
        assert remedy == (
            "if FSDP cuts `weight`, call unshard() of the module that fully_shard took, before "
            f"the loss; else, {copied.format(f'`{name}`')}"
        )
    else:
        assert remedy == copied.format("it")
    for result in results:
        assert_allclose(result, function(**operands), rtol=1e-12, atol=1e-15)


def test_weight_that_fsdp_cuts_is_told_beside_plain_hidden_states(found):
    assert found["weight alone"] == (
        "`input` must be a DTensor beside `weight`, which is one; got torch.Tensor: if FSDP cuts "
        "`weight`, call unshard() of the module that fully_shard took, before the loss; else, if "
        "every process has all of `input`, pass DTensor.from_local(input, weight.device_mesh)."
    )


def test_uneven_sentences_are_told_and_the_remedy_gives_the_loss(found, ranks):
    told, loss = found["uneven sentences"]
    start, _, remedy = told.partition(" processes: ")
    assert start.startswith(
        "`input` must be cut evenly along its first axis where samples have several; got 3 along "
        "it for "
    )
    assert remedy == (
        "pass as many samples as they divide, or input.redistribute(placements=[Replicate()]), and "
        "the other operands with these samples likewise."
    )
    assert_allclose(
        loss, ranks.dtensor_hidden.linear_kl_div(*ranks.dtensor_hidden.sentences()), rtol=1e-12
    )
