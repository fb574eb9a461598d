"""Cubed: lazy, the same numbers as NumPy's, and nothing written that is as large as an operand."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import imported
from numpy.testing import assert_allclose

from kldiv_xp import (
    KLDivInputError,
    diagnose,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    sparse_kl_div_with_logits,
)

cubed = imported("cubed")

RNG = np.random.default_rng(4)
Q, P = RNG.dirichlet(np.ones(6), (2, 5))
P[0, :2] = 0.0
LOG_Q = np.log(Q)
MASK = RNG.uniform(size=P.shape) > 0.3
SAMPLES = np.asarray([True, False, True, True, False])
LOSSES = {
    "terms": partial(kl_div, reduction="none"),
    "sum": partial(kl_div, reduction="sum"),
    "masked samples": partial(kl_div, reduction="none", axis=-1, where=MASK),
    "masked mean": partial(kl_div, reduction="mean", axis=1, where=MASK),
    "first axis": partial(kl_div, reduction="none", axis=0),
    "logits": partial(kl_div_with_logits, where=SAMPLES),
    "mean of logits": partial(kl_div_with_logits, where=SAMPLES, reduction="mean"),
    "samples of logits": partial(js_div_with_logits, reduction="none"),
    "in another type": partial(kl_div, reduction="batchmean", dtype=np.float32),
    "gradient": partial(kl_div_gradient, reduction="none", where=MASK),
    "upstream": partial(kl_div_gradient, reduction="none", axis=1, upstream=np.arange(5.0)),
    "gradient of logits": partial(kl_div_with_logits_gradient, where=SAMPLES),
    "js gradient": partial(js_div_with_logits_gradient),
    "gradient at a temperature": partial(kl_div_with_logits_gradient, temperature=np.asarray(2.0)),
    "gradient at a beta": partial(js_div_with_logits_gradient, beta=np.asarray(0.3)),
    "temperature": partial(kl_div_with_logits, temperature=np.asarray(2.0)),
    "beta": partial(js_div_with_logits, beta=np.asarray(0.3)),
}


@pytest.fixture
def spec(tmp_path):
    return cubed.Spec(work_dir=str(tmp_path), allowed_mem="200MB", executor_name="threads")


def cut(spec, array, chunks=(2, 6)):
    return cubed.from_array(array, chunks=chunks[: array.ndim], spec=spec)


@pytest.mark.parametrize("chunks", [(3, 6), (3, 4)], ids=["rows", "parts of rows"])
def test_every_loss_is_that_of_numpy(spec, chunks):
    for name, loss in LOSSES.items():
        arrays = {key: one for key, one in loss.keywords.items() if isinstance(one, np.ndarray)}
        lazy = {key: cut(spec, one, chunks) for key, one in arrays.items()}
        found = loss(cut(spec, LOG_Q, chunks), cut(spec, P, chunks), **lazy)
        expected = loss(LOG_Q, P)
        pairs = (
            zip(found, expected, strict=True)
            if isinstance(expected, tuple)
            else [(found, expected)]
        )
        for lazy_result, result in pairs:
            value = lazy_result.compute()
            assert value.dtype == result.dtype, name
            rtol = 1e-6 if result.dtype == np.float32 else 1e-9
            assert_allclose(value, result, rtol=rtol, atol=1e-15, err_msg=name)


def test_reproducible_losses_have_the_bits_of_numpy(spec):
    operands = LOG_Q.astype("float32"), P.astype("float32")
    for loss in (kl_div, kl_div_gradient):
        for options in ({"reduction": "batchmean"}, {"reduction": "none", "axis": -1}):
            found = loss(*(cut(spec, one) for one in operands), reproducible=True, **options)
            expected = loss(*operands, reproducible=True, **options)
            pairs = [(found, expected)] if loss is kl_div else zip(found, expected, strict=True)
            for lazy, result in pairs:
                np.testing.assert_array_equal(lazy.compute(), result)


@pytest.mark.parametrize("chunks", [(3, 6), (3, 4)], ids=["rows", "parts of rows"])
@pytest.mark.parametrize("tail", ["bucket", "zero", "renormalize"])
def test_teacher_known_at_some_indices_is_that_of_numpy(spec, tail, chunks):
    indices = np.argsort(-P, axis=-1)[:, :2]
    known = np.take_along_axis(P, indices, axis=-1)
    loss = partial(sparse_kl_div_with_logits, target_is="probabilities", tail=tail)
    lazy = loss(
        cut(spec, LOG_Q, chunks),
        cut(spec, indices, (2, 2)),
        cut(spec, known, (5, 2)),
        where=cut(spec, SAMPLES, (4,)),
    )
    assert_allclose(lazy.compute(), loss(LOG_Q, indices, known, where=SAMPLES), rtol=1e-9)
    none = loss(*(cut(spec, one[:0], (1, one.shape[1])) for one in (LOG_Q, indices, known)))
    assert_allclose(none.compute(), loss(LOG_Q[:0], indices[:0], known[:0]))


class Tasks(cubed.Callback):
    count = 0

    def on_task_end(self, event):
        self.count += event.num_tasks


@pytest.mark.parametrize(
    "loss",
    [partial(kl_div, reduction="batchmean"), kl_div_with_logits, js_div_with_logits],
    ids=["kl", "kl of rows", "js of rows"],
)
def test_a_task_for_each_chunk_writes_its_sums_alone(spec, loss):
    operands = [cut(spec, np.ones((64, 4096)), (16, 4096)) for _ in range(2)]
    tasks = Tasks()
    loss(*operands).compute(callbacks=[tasks])
    assert tasks.count < 4 * (64 // 16)
    written = sum(path.stat().st_size for path in Path(spec.work_dir).rglob("*") if path.is_file())
    assert written < operands[0].nbytes / 100


def test_diagnosis_computes_the_parts_that_it_reads(spec):
    clean = cut(spec, LOG_Q, (2, 4)), cut(spec, Q[::-1].copy(), (2, 4))
    unlike = cut(spec, Q, (2, 4)), cut(spec, Q, (2, 4))
    report = diagnose(*unlike)
    assert [one.code for one in report.findings] == ["probabilities-as-input"]
    assert not diagnose(*clean)
    assert_allclose(diagnose(*clean).values["sum"], kl_div(LOG_Q, Q[::-1], reduction="sum"))
    kl_div(*clean, reduction="sum", check=True)
    with pytest.raises(KLDivInputError, match="holds probabilities"):
        kl_div(*unlike, reduction="sum", check=True)


def test_diagnosis_reads_parts_that_lie_across_chunks(spec):
    rows = np.log(np.full((100, 40000), 1 / 40000))
    lazy = [cut(spec, rows, (10, 10000)), cut(spec, np.exp(rows), (10, 10000))]
    assert not diagnose(*lazy)


def test_empty_operands_sum_to_zero(spec):
    for loss in (partial(kl_div, reduction="sum"), kl_div_with_logits):
        none = loss(cut(spec, np.ones((0, 3)), (1, 3)), cut(spec, np.ones((0, 3)), (1, 3)))
        assert_allclose(none.compute(), loss(np.ones((0, 3)), np.ones((0, 3))))
