"""Small blocks, so that a few hundred elements make many of them, and loops of NumPy alone."""

import pytest

from kldiv_xp.backends.numpy import loops as numpy_loops
from kldiv_xp.host import blocks, inner_products


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 64 float64 and rows of 16."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64 * 8)
    monkeypatch.setattr(inner_products, "LONGEST_PIECE", 16)


@pytest.fixture
def no_compiled_loops(monkeypatch):
    """The loops of NumPy, whatever is installed."""
    for name in ("engine_for", "engine_for_terms"):
        monkeypatch.setattr(numpy_loops, name, lambda *_: None)
