"""Find the sentences a student got most wrong in a Zarr store of logits, with Dask's workers.

To run it: python examples/distributed_dask.py
"""

import tempfile

import dask.array as da
import numpy as np
import zarr
from distributed import Client, LocalCluster

from kldiv_xp import kl_div_with_logits

SAMPLES, VOCABULARY = 4096, 8192
ROWS, COLUMNS = 512, 2048
WRONG = (17, 1234, 4000)


def write_logits(folder):
    """Logits of a teacher and of its student, who has not understood three of the samples."""
    rng = np.random.default_rng(0)
    options = {"shape": (SAMPLES, VOCABULARY), "chunks": (ROWS, COLUMNS), "dtype": "float32"}
    student, teacher = (zarr.create_array(f"{folder}/{name}", **options) for name in "st")
    for start in range(0, SAMPLES, ROWS):
        logits = rng.normal(size=(ROWS, VOCABULARY)).astype("float32") * 2
        teacher[start : start + ROWS] = logits
        logits += rng.normal(size=logits.shape).astype("float32") / 10
        for place in WRONG:
            if start <= place < start + ROWS:
                logits[place - start] = 0
        student[start : start + ROWS] = logits


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster),
    ):
        write_logits(folder)
        student, teacher = (da.from_zarr(f"{folder}/{name}") for name in "st")
        # Lazy: rows in several chunks are put together from one number of each, not from logits.
        divergence = kl_div_with_logits(student, teacher, reduction="none")
        loss, worst, values = da.compute(
            divergence.mean(), da.argtopk(divergence, 3), da.topk(divergence, 3)
        )
    print(f"{student.nbytes / 2**20:.0f} MiB of logits each, in {student.npartitions} chunks")
    print(f"mean divergence {loss:.4f} nats per sample")
    for place, value in zip(worst, values, strict=True):
        print(f"sample {place}: {value:.3f} nats")
    return loss, worst.tolist(), values.tolist()


if __name__ == "__main__":
    main()
