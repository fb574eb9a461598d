"""Threads that no variable of the environment limits."""

import pytest

from kldiv_xp.host.threads import THREADS_VARIABLE


@pytest.fixture
def no_setting(monkeypatch):
    monkeypatch.delenv(THREADS_VARIABLE, raising=False)
