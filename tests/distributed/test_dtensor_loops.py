"""Rows of logits in parts, by compiled loops: the values of one process, in a few meetings."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from rank_programs import PROCESSES, found_by_ranks, loaded  # noqa: E402 - torch may be missing

PROGRAM = Path(__file__).with_name("dtensor_loops.py")

if not torch.distributed.is_available():
    pytest.skip("this torch is built without torch.distributed", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

CASES = [
    *["KL", "KL, masked", "KL at 2", "KL at 3", "KL of p", "KL, float16", "KL, bfloat16"],
    *["KL, float32", "KL, one class", "KL, cut twice", "KL, rows cut too", "KL, one row"],
    *["JS", "JS, masked", "JS, bfloat16", "JS, float32", "JS, one class", "reverse", "JS of p"],
]
FORMS = ["value", "derivatives", "closed", "by input", "learned by one"]


@pytest.fixture(scope="module")
def ranks():
    """The program of the ranks, whose parts are called here in a single process."""
    return loaded(PROGRAM)


# Two processes take a minute, most of it in the compiler.
@pytest.fixture(scope="module", params=[pytest.param(2, marks=pytest.mark.slow), PROCESSES[-1]])
def found(request, tmp_path_factory):
    """Findings of the ranks."""
    return found_by_ranks(PROGRAM, request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def alone(ranks):
    """Results in this process alone, without compiled loops."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KLDIV_XP_FUSED", "0")
        return {
            (name, form): ranks.results(case, form, *ranks.operands(case))
            for name, case in ranks.CASES.items()
            for form in FORMS
        }


def test_every_case_is_tested(ranks):
    assert [*ranks.CASES] == CASES
    assert ranks.FORMS == FORMS


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("setting", ["plain", "loops", "loops of one"])
def test_rows_in_parts_have_the_results_of_one_process(found, alone, setting, case, form):
    for one, other in zip(found[setting, case, form]["results"], alone[case, form], strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        eps = torch.finfo(one.dtype).eps
        near = {"rtol": 16 * eps, "atol": 16 * eps}
        torch.testing.assert_close(one, other, equal_nan=True, **near)


# All-reduces of each form: those of derivatives by autograd are all beside the value.
MEETINGS = {
    "KL": (4, 7, 7, 4, 4),
    "KL at 3": (4, 7, 7, 4, 4),
    "KL of p": (4, 5, 5, 5, 4),
    "KL, cut twice": (8, 14, 14, 8, 8),
    "JS": (6, 8, 8, 8, 6),
    "reverse": (4, 7, 7, 7, 4),
    "JS of p": (4, 4, 4, 4, 4),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", MEETINGS)
def test_processes_meet_once_for_the_sums_or_maxima_of_a_stage(found, case, form):
    ((_, meetings),) = found["loops", case, form]["collectives"].items()
    assert meetings == MEETINGS[case][FORMS.index(form)]


@pytest.mark.parametrize("setting", ["plain", "loops of one"])
def test_without_loops_everywhere_every_block_has_meetings_of_its_own(found, setting):
    ((_, meetings),) = found[setting, "KL", "value"]["collectives"].items()
    assert meetings > MEETINGS["KL"][0]
