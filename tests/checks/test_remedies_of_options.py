"""Options, upstream derivatives and unknown sizes: what the remedy says is accepted."""

import numpy as np
import pytest
from checks.following_remedies import LOG_Q, P, kl, refused
from words import value, words

from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits


@pytest.mark.parametrize(
    ("upstream", "reduction", "remedy", "code"),
    [
        ((2, 3), "sum", "pass reduction='none', or a number", None),
        ((1,), "sum", "pass a number", None),
        ((3,), "none", "pass {broadcast}", "broadcast"),
        ((6,), "none", "pass {reshaped}", "reshaped"),
    ],
)
def test_remedy_of_an_upstream_derivative(holding_backend, upstream, reduction, remedy, code):
    operands = [holding_backend.array(one) for one in (LOG_Q, P)]
    given = holding_backend.array(np.full(upstream, 2.0))
    said = {
        word: words(holding_backend, word, "upstream", shape=(2, 3))
        for word in ("broadcast", "reshaped")
    }
    named = dict(zip(("input", "target"), operands, strict=True))
    options = {"reduction": reduction}
    assert refused(kl_div_gradient, named, options | {"upstream": given}) == (
        "`upstream` must have the shape of the loss, (2, 3) for 'none' and () otherwise; got "
        f"{upstream} with reduction={reduction!r}: {remedy.format(**said)}."
    )
    mended = value(said[code], upstream=given) if code else 2.0
    derivative, _ = kl_div_gradient(*operands, **options, upstream=mended)
    np.testing.assert_allclose(holding_backend.read(derivative), -2 * P)


@pytest.mark.parametrize(
    ("function", "wrong", "sentence", "right"),
    [
        (
            kl_div, {"reduction": "sum", "log_target": 1}, "pass bool(...) of it.",
            {"reduction": "sum", "log_target": bool(1)},
        ),
        (
            kl_div, {"reduction": "sum", "axis": 2}, "count them from 0, or from -1 at the end.",
            {"reduction": "sum", "axis": -1},
        ),
        (
            kl_div, {"size_average": "sum"}, "pass a reduction by keyword, reduction='sum'.",
            {"reduction": "sum"},
        ),
        (
            kl_div_gradient, {"reduction": "sum", "upstream": 10**400}, "scale it down.",
            {"reduction": "sum", "upstream": 1.0},
        ),
        (
            kl_div_with_logits, {"temperature": 0},
            "pass temperature=1.0, which leaves the logits as they are.",
            {"temperature": 1.0},
        ),
        (
            kl_div_with_logits, {"temperature": 1e200},
            "pass scale_by_temperature_squared=False.",
            {"temperature": 1e200, "scale_by_temperature_squared": False},
        ),
    ],
)  # fmt: skip
def test_remedy_of_an_option_is_accepted(function, wrong, sentence, right):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(LOG_Q, P, **wrong)
    assert str(caught.value).endswith(sentence)
    assert np.isfinite(function(LOG_Q, P, **right)).all()


def test_unknown_sizes_are_computed_first():
    da = pytest.importorskip("dask.array", reason="dask is not installed")
    operands = [da.from_array(one, chunks=(1, 3)) for one in (LOG_Q, P)]
    chosen = [one[operands[0][:, 0] < 0] for one in operands]
    for function in (kl_div, kl_div_with_logits):
        found = refused(
            function,
            dict(zip(("input", "target"), chosen, strict=True)),
            {"reduction": "batchmean"},
        )
        assert "compute it first (Dask: compute_chunk_sizes())" in found
    for one in chosen:
        one.compute_chunk_sizes()
    loss = kl_div(*chosen, reduction="batchmean")
    assert float(loss) == pytest.approx(kl(LOG_Q, P) / 2)
