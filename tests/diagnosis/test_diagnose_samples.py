"""A diagnosis goes by samples, along any axis, in any blocks and under a mask."""

import numpy as np
import pytest
from diagnosis.distributions import LOG_Q, RNG, P, changed, only

from kldiv_xp import diagnose


@pytest.mark.parametrize("axis", [0, 1, 2, -1, (0, 2), (1, 2), (0, 1, 2)])
def test_places_are_those_of_the_operands_for_any_axis(holding_backend, axis):
    make = holding_backend.array
    axes = axis if isinstance(axis, tuple) else (axis,)
    q = RNG.random((3, 4, 5)) + 0.1
    q = q / q.sum(axis=axes, keepdims=True)
    assert not diagnose(make(np.log(q)), make(q), axis=axis)
    target = changed(q, ((2, 1, 3), -0.125), ((2, 2, 0), -0.5))
    finding = only(diagnose(make(np.log(q)), make(target), axis=axis))
    assert (finding.code, finding.count) == ("negative-target", 2)
    assert finding.index in {(2, 1, 3), (2, 2, 0)}
    assert finding.value == target[finding.index]
    off = np.log(q)
    index = tuple(slice(None) if place in {one % 3 for one in axes} else 2 for place in range(3))
    off[index] -= 1
    finding = only(diagnose(make(off), make(q), axis=axis))
    assert finding.index == (2,) * (3 - len(axes))
    assert finding.count == 1


@pytest.mark.parametrize("shape", [(), (0,), (0, 4), (4, 0), (1,), (7,)])
def test_small_shapes_are_fine(holding_backend, shape):
    q = np.full(shape, 1 / (shape[-1] if shape and shape[-1] else 1))
    report = diagnose(*(holding_backend.array(one) for one in (np.log(q), q)))
    assert not report
    assert report.shape == shape


def test_zero_dimensional_operands_have_no_samples(holding_backend):
    report = diagnose(holding_backend.array(-1.0), holding_backend.array(np.nan))
    assert only(report).code == "nan-target"
    assert only(report).index == ()


@pytest.mark.few(1, 7)
@pytest.mark.parametrize("elements", [1, 2, 3, 5, 8, 30, 59])
def test_blocks_change_nothing(holding_backend, monkeypatch, elements):
    q = RNG.random((3, 4, 5)) + 0.1
    q = q / q.sum(axis=(1, 2), keepdims=True)
    log_q = changed(np.log(q), ((0, 0, 2), np.nan), ((2, 3, 4), -np.inf))
    target = changed(q, ((1, 2, 3), 0.7), ((2, 0, 0), np.nan))
    make = holding_backend.array
    expected = diagnose(make(log_q), make(target), axis=(1, 2))
    monkeypatch.setattr("kldiv_xp.diagnosis.sample_blocks.SAMPLE_BLOCK_ELEMENTS", elements)
    found = diagnose(make(log_q), make(target), axis=(1, 2))
    assert [one.code for one in found.findings] == [one.code for one in expected.findings]
    assert [one.index for one in found.findings] == [one.index for one in expected.findings]
    assert [one.count for one in found.findings] == [one.count for one in expected.findings]
    assert [one.code for one in found.findings] == [
        "nan-input", "nan-target", "not-normalised", "not-normalised", "zero-support",
    ]  # fmt: skip


def mask(backend, values):
    array = backend.array(np.asarray(values, dtype="float64"))
    return array != 0


def test_what_is_not_selected_is_not_looked_at(holding_backend):
    make = holding_backend.array
    log_q = changed(LOG_Q, ((1, 1), np.nan), ((2, 0), np.inf))
    target = changed(P, ((1, 0), -3.0), ((2, 4), np.nan))
    rows = np.arange(6)[:, None] // 1 % 6
    selected = mask(holding_backend, (rows != 1) & (rows != 2) & np.ones((6, 5), dtype=bool))
    assert diagnose(make(log_q), make(target))
    assert not diagnose(make(log_q), make(target), where=selected)


def test_samples_with_a_gap_are_not_added_up(holding_backend):
    make = holding_backend.array
    gap = np.ones((6, 5))
    gap[3, 2] = 0
    target = changed(P, (3, 2 * P[3]))
    assert diagnose(make(LOG_Q), make(target)).findings[0].index == (3,)
    assert not diagnose(make(LOG_Q), make(target), where=mask(holding_backend, gap))
    # The next sample is whole, and is added up.
    target[4] *= 2
    finding = only(diagnose(make(LOG_Q), make(target), where=mask(holding_backend, gap)))
    assert finding.index == (4,)


def test_mask_of_samples_is_spread_over_them(holding_backend):
    make = holding_backend.array
    rows = mask(holding_backend, [[1], [0], [1], [1], [1], [1]])
    target = changed(P, (1, np.nan))
    assert not diagnose(make(LOG_Q), make(target), where=rows)
