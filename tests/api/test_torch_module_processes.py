"""kldiv_xp.torch.KLDivLoss in a model that two processes train."""

import os
import subprocess
import sys

import pytest
from api.torch_student import close, lesson, student, torch
from conftest import free_port

RANK = """
import os
import sys
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from api.torch_student import lesson, student

torch.set_num_threads(1)
dist.init_process_group("gloo")
rank = dist.get_rank()
model = DistributedDataParallel(student())
features, target = lesson()
model(features[rank::2], target[rank::2]).backward()
torch.save([p.grad for p in model.parameters()], f"{sys.argv[1]}/{rank}.pt")
dist.barrier()
# Threads of torch that end late: "terminate called without an active exception", once in a load.
os._exit(0)
"""


@pytest.mark.long
@pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
    reason="this torch has no gloo",
)
def test_gradients_of_two_processes_are_those_of_one_on_the_whole_batch(tmp_path):
    shared = os.environ | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": "2",
        "OMP_NUM_THREADS": "1",
        "KLDIV_XP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    command = [sys.executable, "-c", RANK, str(tmp_path)]
    ranks = [
        subprocess.Popen(
            command, env=shared | {"RANK": rank}, text=True, stdout=-1, stderr=subprocess.STDOUT
        )
        for rank in "01"
    ]
    try:
        said = [process.communicate(timeout=180)[0] for process in ranks]
    finally:
        for process in ranks:
            process.kill()
            process.wait()
    assert [process.returncode for process in ranks] == [0, 0], "\n".join(said)
    whole = student()
    whole(*lesson()).backward()
    for rank in "01":
        close(torch.load(tmp_path / f"{rank}.pt"), [p.grad for p in whole.parameters()])
