"""PyTorch's DTensor on 2 and 4 processes: the values of one, whatever lies where."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch", reason="torch is not installed")

PROGRAM = Path(__file__).with_name("dtensor_ranks.py")
SPEC = importlib.util.spec_from_file_location("dtensor_ranks", PROGRAM)

if not torch.distributed.is_available():
    pytest.skip("this torch is built without torch.distributed", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

PLACEMENTS = ["batch", "vocabulary", "replicated"]
LOSSES = [
    *["sum", "mean", "batchmean", "terms", "samples", "masked", "logarithm"],
    *["logits", "logits, rows", "logits, masked", "logits, probabilities", "js"],
]
EVERY_PLACEMENT = pytest.mark.parametrize("placement", PLACEMENTS)
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES)


@pytest.fixture(scope="module")
def ranks():
    """The program of the ranks as a module, whose parts are called here in a single process."""
    module = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=[2, 4], ids=["2 processes", "4 processes"])
def found(request, tmp_path_factory):
    """What the ranks found."""
    path = tmp_path_factory.mktemp("ranks") / "found.pt"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, f"--nproc-per-node={request.param}", str(PROGRAM), str(path)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return torch.load(path)


def single(ranks, loss):
    """Value and gradient in this process alone."""
    return ranks.value_and_gradient(ranks.LOSSES[loss], *ranks.operands(loss))


def test_every_loss_of_the_ranks_is_tested(ranks):
    assert (list(ranks.PLACEMENTS), list(ranks.LOSSES)) == (PLACEMENTS, LOSSES)


@EVERY_PLACEMENT
@EVERY_LOSS
def test_value_and_gradient_are_those_of_a_single_process(found, ranks, placement, loss):
    for distributed, alone in zip(
        found[loss, placement]["results"], single(ranks, loss), strict=True
    ):
        assert distributed.shape == alone.shape
        assert_allclose(distributed, alone, rtol=1e-12, atol=1e-15)


@EVERY_PLACEMENT
@EVERY_LOSS
def test_no_operand_is_gathered(found, placement, loss):
    collectives = found[loss, placement]["collectives"]
    assert not [name for name in collectives if "allreduce" not in name.replace("_", "")], (
        collectives
    )
    if placement == "replicated":
        assert collectives == {}


@EVERY_PLACEMENT
@EVERY_LOSS
def test_gradient_stays_where_its_operand_is(found, placement, loss):
    expected = {"batch": "Shard(dim=0)", "vocabulary": "Shard(dim=1)", "replicated": "Replicate()"}
    _, *slopes = found[loss, placement]["placements"]
    assert slopes == [f"({expected[placement]},)"] * 2


@EVERY_PLACEMENT
@EVERY_LOSS
def test_reduced_loss_is_whole_on_every_process(found, placement, loss):
    value, *_ = found[loss, placement]["placements"]
    if loss in ("terms", "samples", "logits, rows"):
        assert "Partial" not in value
    else:  # of a sum yet to be added up, item() would be the share of a process
        assert value == "(Replicate(),)"


def test_batchmean_divides_by_the_batch_of_all_processes(found, ranks):
    log_q, p = (one.numpy() for one in ranks.operands("batchmean"))
    kept = p > 0
    expected = (p[kept] * (np.log(p[kept]) - log_q[kept])).sum() / ranks.ROWS
    assert_allclose(found["batchmean", "batch"]["results"][0], expected, rtol=1e-12)


@EVERY_PLACEMENT
def test_gradient_in_closed_form_is_that_of_a_single_process(found, ranks, placement):
    alone = ranks.kl_div_gradient(*ranks.operands("sum"), reduction="batchmean")
    for distributed, expected in zip(found["closed", placement], alone, strict=True):
        assert_allclose(distributed, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["ddp", "fsdp", "head"])
def test_student_trained_by_many_is_that_trained_by_one(found, ranks, kind):
    alone = ranks.train(ranks.new_student(), *ranks.lesson())
    assert alone[ranks.STEPS - 1] < 0.7 * alone[0]
    for distributed, expected in zip(found["trained", kind], alone, strict=True):
        assert_allclose(distributed, expected, rtol=1e-10, atol=1e-14)
