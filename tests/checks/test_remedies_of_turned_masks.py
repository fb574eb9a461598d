"""Masks and upstream gradients whose axes may be in more than one order: each of them is told."""

import re

import numpy as np
import pytest
from checks.following_remedies import LOG_Q, P, kl, made, refused
from words import follow, words

from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits


def told_orders(function, operands, options):
    """Both codes of a refusal that names two orders of axes."""
    told = refused(function, operands, options)
    return re.search(r": pass (.+), or (.+), whichever leaves each element its", told).groups()


def test_both_orders_of_equal_sizes_are_told_beside_an_axis_of_size_1(holding_backend):
    """(words, batch, 1) for (batch, 1, words), with as many words as samples."""
    rng = np.random.default_rng(4)
    pair, selected = rng.normal(size=(2, 3, 1, 3, 5)), rng.random((3, 1, 3)) > 0.4
    operands = dict(zip(("input", "target"), map(holding_backend.array, pair), strict=True))
    expected = kl_div_with_logits(*(one[selected] for one in pair), reduction="sum")
    turned = made(holding_backend, np.ascontiguousarray(selected.transpose(2, 0, 1)))
    for code in told_orders(kl_div_with_logits, operands, {"where": turned}):
        where = follow(code, where=turned)["where"]
        found = kl_div_with_logits(**operands, where=where, reduction="sum")
        is_right = holding_backend.read(found) == pytest.approx(expected)
        assert is_right is (code == words(holding_backend, "permuted", "where", axes=(1, 2, 0)))


def test_both_orders_of_an_upstream_are_told_beside_an_axis_of_size_1(holding_backend):
    rng = np.random.default_rng(5)
    pair, upstream = rng.normal(size=(2, 3, 1, 3)), rng.normal(size=(3, 1, 3))
    operands = dict(zip(("input", "target"), map(holding_backend.array, pair), strict=True))
    turned = holding_backend.array(np.ascontiguousarray(upstream.transpose(2, 0, 1)))
    options = {"reduction": "none", "upstream": turned}
    codes = told_orders(kl_div_gradient, operands, options)
    assert codes == tuple(
        words(holding_backend, "permuted", "upstream", axes=axes) for axes in ((0, 2, 1), (1, 2, 0))
    )
    options["upstream"] = follow(codes[1], upstream=turned)["upstream"]
    found, _ = kl_div_gradient(*operands.values(), **options)
    expected, _ = kl_div_gradient(*pair, reduction="none", upstream=upstream)
    np.testing.assert_allclose(holding_backend.read(found), expected, rtol=1e-5)


def test_turned_samples_are_told_beside_a_mask_of_entries(holding_backend):
    rng = np.random.default_rng(6)
    pair = np.stack([LOG_Q, P])[..., None] + np.zeros((2, *LOG_Q.shape, LOG_Q.shape[0]))
    selected = rng.random((3, 2)) > 0.4
    operands = dict(zip(("input", "target"), map(holding_backend.array, pair), strict=True))
    turned = made(holding_backend, np.ascontiguousarray(selected.T))
    options = {"axis": 0, "reduction": "sum"}
    told = refused(kl_div, operands, options | {"where": turned})
    way = r"pass (.+) if it is the same along axis 2, or (.+) if it is of the samples \(3, 2\), "
    entries, samples = re.search(way + "with its axes in another order", told).groups()
    for code, kept in ((entries, selected.T[..., None]), (samples, selected[None])):
        where = follow(code, where=turned)["where"]
        found = holding_backend.read(kl_div(*operands.values(), where=where, **options))
        every = np.broadcast_to(kept, pair[0].shape)
        assert found == pytest.approx(kl(pair[0][every], pair[1][every]))
