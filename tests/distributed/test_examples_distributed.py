"""The examples of the engines of many machines do what they print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = {
    "distributed_dask": ("distributed.client", "zarr"),
    "distributed_torch": ("torch",),
    "distributed_jax": ("jax",),
}
FOLDER = Path(__file__).parents[2] / "examples"

if not FOLDER.is_dir():
    pytest.skip("the examples stay in the source tree", allow_module_level=True)


def printed(name):
    """Output of an example, or a skip where its library is missing."""
    for package in EXAMPLES[name]:
        pytest.importorskip(package, reason=f"{package.partition('.')[0]} is not installed")
    command = [sys.executable, "-W", "error::UserWarning", str(FOLDER / f"{name}.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def losses(line):
    """First and last loss of "loss fell from 2.1 to 0.3 nats per sample"."""
    words = line.split()
    return float(words[3]), float(words[5])


def test_every_example_of_many_machines_is_tested():
    assert {path.stem for path in FOLDER.glob("distributed_*.py")} == set(EXAMPLES)


@pytest.mark.long
def test_dask_finds_the_samples_that_were_not_understood():
    lines = printed("distributed_dask").splitlines()
    places = {int(line.split()[1].rstrip(":")) for line in lines if line.startswith("sample ")}
    assert places == {17, 1234, 4000}


@pytest.mark.long
@pytest.mark.parametrize("name", ["distributed_torch", "distributed_jax"])
def test_student_in_parts_learns_what_a_whole_one_does(name):
    lines = printed(name)
    _, fell, sent, alone = lines.splitlines()
    first, last = losses(fell)
    assert last < 0.3 * first
    assert "allreduce" in sent.replace("-", "").replace("_", "")
    assert "gather" not in sent
    assert float(alone.split()[-3]) < 1e-3
    assert NUMBER.sub("0", lines.strip()) == NUMBER.sub("0", shown_of(name))
    if name == "distributed_torch":  # a count that depends on the values
        assert 18 <= int(sent.split()[-2]) <= 60


NUMBER = re.compile(r"\d[\d.e-]*")


def shown_of(name):
    """Output of an example as its page shows it."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    section = page.partition(f"## {name}.py\n")[2].partition("\n## ")[0]
    return section.partition("```text\n")[2].partition("\n```")[0]
