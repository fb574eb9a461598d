"""DTensors of which a process has nothing: the values of one process, wherever the operands lie."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from rank_programs import PROCESSES, found_by_ranks, loaded  # noqa: E402 - torch may be missing

PROGRAM = Path(__file__).with_name("dtensor_parts.py")

if not torch.distributed.is_available():
    pytest.skip("this torch is built without torch.distributed", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

PLACES = ["rows", "vocabulary", "whole", "sums to come"]
EVERY_PLACE = pytest.mark.parametrize("place", PLACES)
EVERY_OTHER = pytest.mark.parametrize("other", PLACES)


@pytest.fixture(scope="module")
def ranks():
    """The program of the ranks, whose parts are called here in a single process."""
    return loaded(PROGRAM)


@pytest.fixture(scope="module")
def alone(ranks):
    """What each subject gives in this process alone."""
    return {
        subject: {name: ranks.gathered(one) for name, one in function(ranks.alone)}
        for subject, (function, _) in ranks.SUBJECTS.items()
    }


# Two processes take a minute.
@pytest.fixture(scope="module", params=[pytest.param(2, marks=pytest.mark.slow), PROCESSES[-1]])
def found(request, tmp_path_factory):
    """Findings of the ranks, none of which waits for one that has raised."""
    return found_by_ranks(PROGRAM, request.param, tmp_path_factory)


def compared(found, alone, subject, *pair):
    """Compare all that a subject gives in some place, and return how much there was."""
    names = [name for one, *where, name in found if (one, *where) == (subject, *pair)]
    for name in names:
        tensors = zip(found[subject, *pair, name], alone[subject][name], strict=True)
        for one, other in tensors:
            narrow = other.dtype == torch.bfloat16
            near = {"rtol": 2**-7, "atol": 2**-9} if narrow else {"rtol": 1e-9, "atol": 1e-12}
            torch.testing.assert_close(one, other, **near)
    return len(names)


def test_every_place_is_tested(ranks):
    assert list(ranks.PLACES) == PLACES


@EVERY_OTHER
@EVERY_PLACE
@pytest.mark.parametrize("subject", ["logits", "masks"])
def test_process_without_an_entry_makes_no_difference(found, alone, subject, place, other):
    assert compared(found, alone, subject, place, other) == len(alone[subject])


@pytest.mark.parametrize("other", PLACES[:-1])
@pytest.mark.parametrize("place", PLACES[:-1])
def test_process_without_an_entry_of_a_layer_makes_no_difference(found, alone, place, other):
    assert compared(found, alone, "layers", place, other) == len(alone["layers"])


@EVERY_OTHER
@pytest.mark.parametrize("place", ["rows", "whole"])
def test_process_without_a_place_of_a_teacher_makes_no_difference(found, alone, place, other):
    assert compared(found, alone, "in part", place, other) == len(alone["in part"])


@pytest.mark.parametrize("place", PLACES[:-1])
def test_last_batch_of_one_sample_has_a_mask_that_lies_anywhere(found, alone, place):
    assert compared(found, alone, "one sample", "rows", place) == len(alone["one sample"])


@pytest.mark.parametrize("place", ["vocabulary", "rows"])
@pytest.mark.parametrize("subject", ["short rows", "closed forms", "inference"])
def test_rows_in_parts_are_whole_rows(found, alone, subject, place):
    assert compared(found, alone, subject, place, place) == len(alone[subject])


@pytest.mark.parametrize(
    "pair",
    [("rows", "rows"), ("rows", "vocabulary"), ("vocabulary", "whole"), ("whole", "rows")],
    ids=" ".join,
)
def test_what_processes_add_up_is_rounded_once(found, alone, pair):
    assert compared(found, alone, "rounded", *pair) == len(alone["rounded"])


@pytest.mark.parametrize(
    "pair", [("vocabulary", "vocabulary"), ("rows", "rows"), ("vocabulary", "whole")], ids=" ".join
)
def test_diagnosis_of_parts_is_that_of_the_whole(found, alone, pair):
    assert {name: found["told", *pair, name] for name in alone["told"]} == alone["told"]
    assert "these look like raw logits" in alone["told"]["raised"]
