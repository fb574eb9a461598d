"""How work is cut, and what loops keep: without the compiler."""

import numpy as np
import pytest

from kldiv_xp.formula.logits import KL
from kldiv_xp.fused import jobs
from kldiv_xp.fused.instructions import literal
from kldiv_xp.fused.kernel_text import source_of_function
from kldiv_xp.fused.memory import APART, ROW, HostOperand
from kldiv_xp.tracing import losses
from kldiv_xp.tracing.layouts import Layout


def layout(rows, groups, columns):
    return Layout((rows,), [(1,)], (groups,) if groups > 1 else (), [(1,)], columns, (1,))


@pytest.mark.parametrize("whole_rows", [False, True])
@pytest.mark.parametrize("groups", [1, 5, 40])
@pytest.mark.parametrize("columns", [1, 7, 64, 100, 1000])
@pytest.mark.parametrize("rows", [1, 3, 50])
def test_every_element_is_in_one_job(monkeypatch, rows, groups, columns, whole_rows):
    monkeypatch.setattr(jobs, "JOB_ELEMENTS", 64)
    cut = jobs.jobs_of(layout(rows, groups, columns), whole_rows=whole_rows)
    seen = np.zeros((rows, groups, columns), int)
    pieces = np.zeros((rows, cut.pieces), int)
    for job in range(cut.number):
        first, last, group_first, group_last, begin, end, piece = cut.arguments(job)
        seen[first:last, group_first:group_last, begin:end] += 1
        pieces[first:last, piece] += 1
    assert np.all(seen == 1)
    assert np.all(pieces == 1)
    assert not whole_rows or cut.pieces == 1


def test_text_is_the_same_for_any_row_and_keeps_what_is_dear():
    def code(step, *, keeps):
        operands = HostOperand("x", "float32"), HostOperand("t", "bfloat16", step)
        results = (HostOperand("total", "float64", ROW),)
        function = losses.divergences(KL(1.0, "logits"))
        numbers = (losses.TEMPERATURE,)
        return source_of_function(
            function, numbers, "float32", operands, results, (1, 0), keeps=keeps
        )

    kept = code(APART, keeps=True)
    assert kept == code(APART, keeps=True)
    assert kept.bytes_kept == 8  # p, and the difference
    assert code(APART, keeps=False).bytes_kept == 0


@pytest.mark.parametrize(
    ("real", "value", "text"),
    [
        ("float64", 0.1, "0x3FB999999999999A"),
        ("float32", 0.1, "0x3FB99999A0000000"),
        ("float32", 1e300, "0x7FF0000000000000"),
        ("float32", float("nan"), "0x7FF8000000000000"),
        ("float32", -0.0, "0x8000000000000000"),
    ],
)
def test_numbers_are_written_by_their_bits(real, value, text):
    assert literal(real, value) == text
