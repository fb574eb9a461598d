"""Fixtures for the tests of losses from hidden states."""

import pytest

from kldiv_xp.core import evaluate_linear


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 4 rows of 7 logits, so that 6 rows are no multiple of a block."""
    monkeypatch.setattr(evaluate_linear, "BYTES_OF_LOGITS", 4 * 7 * 4)
