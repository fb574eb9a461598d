"""Dask on two worker processes: more data than memory, a graph that stays flat, a worker lost."""

import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

for package in ("distributed.client", "zarr"):
    pytest.importorskip(package, reason=f"{package.partition('.')[0]} is not installed")

import dask  # noqa: E402 - after the skip
import dask.array as da  # noqa: E402
import zarr  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402

WORKERS, MEMORY = 2, 2**29
# The rows of two small operands again and again, so that what is right is known from the small.
SMALL = (512, 32768)
REPEATS = 32
FEW = 8
STORED_IN = (128, 8192)
CHUNKS = {"batch": (128, 32768), "vocabulary": (512, 8192)}  # of 16 MiB
CHUNKED = pytest.mark.parametrize("chunked", CHUNKS)
# In a cluster each takes minutes of computing.
LONG = {name: pytest.param(name, marks=pytest.mark.long) for name in CHUNKS}

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

REDUCED = {
    "sum": partial(kl_div, reduction="sum"),
    "mean": partial(kl_div, reduction="mean"),
    "batchmean": partial(kl_div, reduction="batchmean"),
    "log target": partial(kl_div, reduction="batchmean", log_target=True),
    "logits": kl_div_with_logits,
    "js": js_div_with_logits,
}
ROWWISE = {
    "samples": partial(kl_div, reduction="none", axis=-1),
    "logits, rows": partial(kl_div_with_logits, reduction="none"),
}
ELEMENTWISE = {
    "terms": partial(kl_div, reduction="none"),
    "gradient by input": lambda *arrays: kl_div_gradient(*arrays, reduction="sum")[0],
    "gradient by target": lambda *arrays: kl_div_gradient(*arrays, reduction="sum")[1],
}
EVERY = REDUCED | ROWWISE | ELEMENTWISE


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@pytest.fixture(scope="module")
def small():
    """Log-probabilities and probabilities, some of which are 0."""
    rng = np.random.default_rng(8)
    log_q, log_p = (log_softmax(rng.standard_normal(SMALL, dtype="float32")) for _ in range(2))
    p = np.exp(log_p)
    p[::7, ::5] = 0
    return log_q, p


@pytest.fixture(scope="module")
def stored(small, tmp_path_factory):
    """Both operands in Zarr, together 4 times the memory of all workers."""
    folder = tmp_path_factory.mktemp("operands")
    arrays = []
    for name, part in zip(("log_q", "p"), small, strict=True):
        array = zarr.create_array(
            str(folder / name),
            shape=(REPEATS * len(part), part.shape[1]),
            chunks=STORED_IN,
            dtype=part.dtype,
            compressors=None,
        )
        for start in range(0, array.shape[0], len(part)):
            array[start : start + len(part)] = part
        arrays.append(array)
    assert sum(array.nbytes for array in arrays) >= 4 * WORKERS * MEMORY
    yield [str(folder / name) for name in ("log_q", "p")]
    for name in ("log_q", "p"):
        for path in (folder / name).rglob("c/*/*"):
            path.unlink()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with (
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            memory_limit=MEMORY,
            dashboard_address=":0",
            local_directory=str(tmp_path_factory.mktemp("spill")),
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def lazy(stored, chunked, repeats=REPEATS):
    """Operands, or the first of their rows."""
    rows = repeats * SMALL[0]
    return [da.from_zarr(path, chunks=CHUNKS[chunked])[:rows] for path in stored]


# More data than memory


def squares(derivative):
    """Sums of squares of the rows of a gradient, so that it need not come to the client whole."""
    return (derivative * derivative).sum(axis=1)


@pytest.fixture(scope="module", params=["batch", LONG["vocabulary"]])
def found(request, client, stored):
    """Every result of all data, in one pass, and the workers before and after it."""
    operands = lazy(stored, request.param)
    results = {name: EVERY[name](*operands) for name in ("sum", "mean", "batchmean", *ROWWISE)}
    for name in ("gradient by input", "gradient by target"):
        results[name] = squares(ELEMENTWISE[name](*operands))
    before = client.run(os.getpid)
    (values,) = dask.compute(results)
    return values | {"workers": (before, client.run(os.getpid))}


@pytest.mark.parametrize("name", ["sum", "mean", "batchmean"])
@pytest.mark.long
def test_reduction_of_more_than_memory(found, small, name):
    expected = REDUCED[name](*small) * (REPEATS if name == "sum" else 1)
    assert_allclose(found[name], expected, rtol=2e-6)


@pytest.mark.parametrize("name", ROWWISE)
@pytest.mark.long
def test_rows_of_more_than_memory(found, small, name):
    assert_allclose(found[name], np.tile(ROWWISE[name](*small), REPEATS), rtol=1e-5)


@pytest.mark.parametrize("name", ["gradient by input", "gradient by target"])
@pytest.mark.long
def test_gradient_of_more_than_memory(found, small, name):
    expected = squares(ELEMENTWISE[name](*small).astype("float64"))
    assert_allclose(found[name], np.tile(expected, REPEATS), rtol=1e-5)


@pytest.mark.long
def test_no_worker_is_ended_for_its_memory(found):
    before, after = found["workers"]
    assert len(before) == WORKERS
    assert after == before


# The graph


def tasks(name, chunked, repeats):
    """Tasks that the scheduler gets, and chunks of one operand."""
    shape = tuple(8 * size * repeat for size, repeat in zip(CHUNKS[chunked], repeats, strict=True))
    operands = [da.full(shape, value, chunks=CHUNKS[chunked], dtype="float32") for value in (-2, 1)]
    (result,) = dask.optimize(EVERY[name](*operands))
    return len(dict(result.__dask_graph__())), operands[0].npartitions


@CHUNKED
@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("repeats", [(4, 1), (1, 4)], ids=["more rows", "more columns"])
@pytest.mark.cases(3, 9)
def test_tasks_of_a_chunk_are_no_more_in_a_larger_array(chunked, name, repeats):
    few, chunks = tasks(name, chunked, (1, 1))
    many, more_chunks = tasks(name, chunked, repeats)
    assert more_chunks == 4 * chunks
    assert many <= 4 * few
    assert few <= {"logits": 20, "logits, rows": 20, "js": 27}.get(name, 5) * chunks


@pytest.mark.few(10, 12)
@CHUNKED
@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_computed_or_cut_anew_while_the_graph_is_built(chunked, name):
    def refuse(*_, **__):
        raise AssertionError("the graph was computed while it was being built")

    operands = [da.zeros((1024, 32768), chunks=CHUNKS[chunked], dtype="float32") for _ in "qp"]
    with dask.config.set(scheduler=refuse):
        result = EVERY[name](*operands)
    assert isinstance(result, da.Array)
    layers = {layer.partition("-")[0] for layer in result.__dask_graph__().layers}
    assert not {layer for layer in layers if "rechunk" in layer or "concatenate" in layer}
    if result.ndim == 2:
        assert result.chunks == operands[0].chunks


# Sizes that are not known


@pytest.mark.parametrize("name", ["mean", "batchmean", "logits"])
@pytest.mark.long
def test_divisor_of_unknown_size_is_refused_in_one_sentence(stored, name):
    log_q, p = lazy(stored, "batch")
    rows = log_q[:, 0] < -10
    with pytest.raises(ValueError, match="not known yet") as caught:
        EVERY[name](log_q[rows], p[rows])
    reduction = "mean" if name == "mean" else "batchmean"
    shape = "(None,)" if name == "logits" else "(None, 32768)"
    assert str(caught.value) == (
        f"reduction={reduction!r} divides by the size of `input`, whose shape {shape} is "
        "not known yet: compute it first (Dask: compute_chunk_sizes()), or use reduction='sum'."
    )


@pytest.mark.long
@CHUNKED
def test_sum_over_an_unknown_number_of_rows(client, stored, small, chunked):
    log_q, p = lazy(stored, chunked, FEW)
    chosen = log_q[:, 0] < -10.4
    value = EVERY["sum"](log_q[chosen], p[chosen]).compute()
    rows = small[0][:, 0] < -10.4
    assert 0.2 < rows.mean() < 0.9
    assert_allclose(value, EVERY["sum"](*[one[rows] for one in small]) * FEW, rtol=2e-6)


# A worker that is lost


def fatal(block, marker, block_info=None):
    """Block, but the worker that is the first to get the one in the middle does not survive it."""
    middle = tuple(count // 2 for count in block_info[0]["num-chunks"])
    if block_info[0]["chunk-location"] == middle:
        try:
            Path(marker).touch(exist_ok=False)
        except FileExistsError:
            return block
        os.kill(os.getpid(), signal.SIGKILL)
    return block


@pytest.mark.long
@pytest.mark.parametrize("chunked", [LONG["batch"], "vocabulary"])
def test_worker_killed_in_mid_run_leaves_every_result_right(
    client, stored, small, chunked, tmp_path
):
    log_q, p = lazy(stored, chunked, FEW)
    marker, before = tmp_path / "killed", client.run(os.getpid)
    log_q = log_q.map_blocks(fatal, str(marker), dtype=log_q.dtype, meta=log_q._meta)
    names = ("batchmean", "samples", "logits")
    values = dask.compute(*[EVERY[name](log_q, p) for name in names])
    assert marker.exists()
    client.wait_for_workers(WORKERS)
    # One at least: where the machine is busy, another may be given up for lost.
    assert set(before.values()) - set(client.run(os.getpid).values())
    for name, value in zip(names, values, strict=True):
        expected = EVERY[name](*small)
        tiled = np.tile(expected, FEW) if expected.ndim else expected
        assert_allclose(value, tiled, rtol=1e-5)
