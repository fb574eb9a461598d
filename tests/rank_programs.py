"""Programs of several processes of torch: run by torchrun, or in forks of this process."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
import torch
from conftest import free_port
from filelock import FileLock

# Four processes take minutes of two cores.
PROCESSES = [
    pytest.param(2, id="2 processes"),
    pytest.param(4, marks=pytest.mark.long, id="4 processes"),
]
# Seconds after which a program is taken to hang: many times what the slowest machine takes.
HANGS = 1500


def loaded(program):
    """A program as a module, which finds what lies beside it as in torchrun."""
    if str(program.parent) not in sys.path:
        sys.path.append(str(program.parent))
    spec = importlib.util.spec_from_file_location(program.stem, program)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def found_by_ranks(program, processes, tmp_path_factory, **options):
    """Run a program once for all test workers; its `main` takes these options."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    told = "".join(f"_{name}_{value}" for name, value in options.items())
    path = folder / f"{program.stem}_{processes}{told}.pt"
    with FileLock(f"{path}.lock"):
        if not path.exists():
            run_ranks(program, processes, path, options)
    return torch.load(path)


def run_ranks(program, processes, path, options):
    """Write what a program finds to a path."""
    if os.environ.get("KLDIV_XP_RANKS") == "fork":
        fork(program, processes, path, options)
    else:
        launch(program, processes, path, options)


def launch(program, processes, path, options):
    """Run the program by torchrun."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, f"--nproc-per-node={processes}", str(program), str(path), json.dumps(options)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def fork(program, processes, path, options):
    """Run it in forks of this process, which may have no threads yet."""
    arguments = program, processes, free_port(), path, options
    torch.multiprocessing.start_processes(be_rank, arguments, nprocs=processes, start_method="fork")


def be_rank(rank, program, processes, port, path, options):
    """Run the program as one of its processes."""
    torch.set_num_threads(1)
    place = {"RANK": rank, "WORLD_SIZE": processes, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in place.items()})
    os.environ.update(MASTER_ADDR="127.0.0.1", GLOO_SOCKET_IFNAME="lo")
    loaded(program).main(str(path), **options)
