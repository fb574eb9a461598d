"""DTensors of which a process has nothing: the values of one process, wherever the operands lie."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import free_port

torch = pytest.importorskip("torch", reason="torch is not installed")

PROGRAM = Path(__file__).with_name("dtensor_parts.py")
PROCESSES = 4

if not torch.distributed.is_available():
    pytest.skip("this torch is built without torch.distributed", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

PLACES = ["rows", "vocabulary", "whole", "sums to come"]
EVERY_PLACE = pytest.mark.parametrize("place", PLACES)
EVERY_OTHER = pytest.mark.parametrize("other", PLACES)


def program():
    """The program of the ranks as a module."""
    spec = importlib.util.spec_from_file_location("dtensor_parts", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ranks():
    """The program of the ranks, whose parts are called here in a single process."""
    return program()


@pytest.fixture(scope="module")
def alone(ranks):
    """What each subject gives in this process alone."""
    return {
        subject: {name: ranks.gathered(one) for name, one in function(ranks.alone)}
        for subject, (function, _) in ranks.SUBJECTS.items()
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Findings of the ranks, none of which waits for one that has raised."""
    path = tmp_path_factory.mktemp("ranks") / "found.pt"
    start = fork if os.environ.get("KLDIV_XP_RANKS") == "fork" else launch
    start(path)
    return torch.load(path)


def launch(path):
    """Run the program by torchrun."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, f"--nproc-per-node={PROCESSES}", str(PROGRAM), str(path)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def fork(path):
    """Run it in forks of this process, which may have no threads yet."""
    options = {"nprocs": PROCESSES, "start_method": "fork"}
    torch.multiprocessing.start_processes(be_rank, (free_port(), path), **options)


def be_rank(rank, port, path):
    """Run the program as one of its processes."""
    torch.set_num_threads(1)
    place = {"RANK": rank, "WORLD_SIZE": PROCESSES, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in place.items()})
    os.environ.update(MASTER_ADDR="127.0.0.1", GLOO_SOCKET_IFNAME="lo")
    program().main(str(path))


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


@pytest.mark.parametrize(
    "pair", [("vocabulary", "vocabulary"), ("rows", "rows"), ("vocabulary", "whole")], ids=" ".join
)
def test_diagnosis_of_parts_is_that_of_the_whole(found, alone, pair):
    assert {name: found["told", *pair, name] for name in alone["told"]} == alone["told"]
    assert "these look like raw logits" in alone["told"]["raised"]
