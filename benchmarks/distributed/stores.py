"""Zarr stores of operands that are too large for the memory of a worker."""

from pathlib import Path

import numpy as np
import zarr

# Rows of random distributions, again and again: nothing here gains from rows that are alike.
BLOCK = 512


def grow(folder: str, rows: int, columns: int, chunks: tuple[int, int]) -> None:
    """Log-probabilities and probabilities, uncompressed, up to so many rows."""
    rng = np.random.default_rng(0)
    for name in ("log_q", "p"):
        logits = rng.standard_normal((BLOCK, columns), dtype="float32")
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        path = Path(folder) / name
        if not path.exists():
            options = {"chunks": chunks, "dtype": "float32", "compressors": None}
            zarr.create_array(str(path), shape=(0, columns), **options)
        array = zarr.open_array(str(path))
        before = array.shape[0]
        array.resize((rows, columns))
        for start in range(before, rows, BLOCK):
            array[start : start + BLOCK] = logits if name == "log_q" else np.exp(logits)
