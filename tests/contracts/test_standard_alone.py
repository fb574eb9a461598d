"""The losses need nothing of a library but what the array API standard says, in any edition."""

from functools import partial

import minimal_namespace
import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
    sparse_kl_div_with_logits,
)
from kldiv_xp.core.lifted import lifted
from kldiv_xp.core.namespaces import namespace_of

RNG = np.random.default_rng(7)
Q, P = RNG.dirichlet(np.ones(6), (2, 5))
P[0, :2] = 0.0
LOG_Q = np.log(Q)
LOG_Q[0, 1] = -np.inf
MASK = RNG.uniform(size=P.shape) > 0.3
SAMPLES = np.asarray([True, False, True, True, False])
HALF = np.asarray(0.5)
INDICES = np.asarray([[0, 2], [1, 3], [5, 4], [0, 1], [2, 3]])
HIDDEN, WEIGHT = RNG.normal(size=(5, 3)), RNG.normal(size=(6, 3))
PAIR = (LOG_Q, P)
FINITE = (np.log(Q), P)


def linear_of_part(hidden, weight, target, indices):
    return linear_kl_div(hidden, weight, target, indices=indices, target_is="probabilities")


# Name, function, operands; what is an array among them becomes one of the library.
CALLS = [
    *(
        (f"kl {options}", partial(kl_div, **options), PAIR)
        for options in (
            {"reduction": "none"},
            {"reduction": "sum"},
            {"reduction": "sum", "where": MASK},
            {"reduction": "none", "axis": -1, "where": MASK},
            {"reduction": "none", "axis": 0},
            {"reduction": "sum", "generalized": True},
        )
    ),
    ("log target", partial(kl_div, reduction="sum", log_target=True), (LOG_Q, np.log(Q))),
    ("probabilities", partial(kl_div, reduction="sum", log_input=False), (Q, P)),
    ("gradient", partial(kl_div_gradient, reduction="sum", where=MASK), FINITE),
    ("upstream", partial(kl_div_gradient, reduction="sum", upstream=HALF), FINITE),
    ("logits", partial(kl_div_with_logits, reduction="sum", temperature=2.0), PAIR),
    ("at a temperature", partial(kl_div_with_logits, reduction="none", temperature=HALF), FINITE),
    ("other axis", partial(kl_div_with_logits, reduction="none", axis=0), FINITE),
    ("given", partial(kl_div_with_logits, reduction="none", target_is="probabilities"), PAIR),
    ("js", partial(js_div_with_logits, reduction="none"), FINITE),
    ("js 0.3", partial(js_div_with_logits, reduction="sum", beta=0.3), PAIR),
    ("js beta", partial(js_div_with_logits, reduction="none", beta=HALF), FINITE),
    ("gradient of logits", partial(kl_div_with_logits_gradient, reduction="sum"), FINITE),
    ("gradient of js", partial(js_div_with_logits_gradient, reduction="none"), FINITE),
]
# These need sizes.
OF_SIZES = [
    ("batchmean", partial(kl_div, reduction="batchmean"), PAIR),
    ("masked mean", partial(kl_div, reduction="mean", axis=1, where=SAMPLES), PAIR),
    ("masked logits", partial(kl_div_with_logits, reduction="mean", where=SAMPLES), FINITE),
    (
        "sparse",
        partial(sparse_kl_div_with_logits, reduction="none"),
        (np.log(P + Q), INDICES, np.log(Q)[:, :2]),
    ),
    ("linear", partial(linear_kl_div, target_weight=WEIGHT), (HIDDEN, WEIGHT, HIDDEN[::-1].copy())),
    ("linear sparse", partial(linear_of_part), (HIDDEN, WEIGHT, P[:, :2], INDICES)),
]


def agrees(make, read, name, function, operands):
    """Compare a call on arrays of a library with NumPy's."""
    options = {
        key: make(one) if isinstance(one, np.ndarray) else one
        for key, one in function.keywords.items()
    }
    found = function.func(*map(make, operands), **options)
    expected = function(*operands)
    several = isinstance(expected, tuple)
    for one, other in zip(*(it if several else (it,) for it in (found, expected)), strict=True):
        assert_allclose(read(one), other, rtol=1e-9, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("shape", [None, "unknown"], ids=["of known shape", "of unknown shape"])
def test_a_namespace_of_the_standard_alone_gives_every_loss_unread(shape):
    make = partial(minimal_namespace.Array, shape=shape)
    for name, function, operands in CALLS if shape else CALLS + OF_SIZES:
        agrees(make, lambda array: array._hidden, name, function, operands)


def test_a_size_that_is_not_known_is_asked_for_in_one_sentence():
    lazy = [minimal_namespace.Array(one, "unknown") for one in PAIR]
    with pytest.raises(ValueError, match="whose shape \\(None, None\\) is not known yet"):
        kl_div(*lazy, reduction="batchmean")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The 2021.12 version of the array API:UserWarning")
def test_every_edition_of_the_standard_gives_every_loss():
    usable("array-api-strict")
    strict = library("array_api_strict")
    for edition in ("2021.12", "2022.12", "2023.12", "2024.12"):
        flags = strict.ArrayAPIStrictFlags(
            api_version=edition,
            boolean_indexing=False,
            data_dependent_shapes=False,
            enabled_extensions=(),
        )
        with flags:
            for name, function, operands in CALLS + OF_SIZES:
                agrees(strict.asarray, np.asarray, f"{name}, {edition}", function, operands)


def test_numbers_become_arrays_only_for_editions_that_take_none():
    strict = library("array_api_strict")
    assert lifted(strict) is strict
    assert lifted(np) is np
    assert lifted(minimal_namespace) is lifted(minimal_namespace) is not minimal_namespace
    assert namespace_of(minimal_namespace.Array(P)) is lifted(minimal_namespace)


def test_larger_and_smaller_of_two_hide_no_nan():
    xp = lifted(minimal_namespace)
    values = np.asarray([1.0, 2.0, np.nan, -np.inf, np.nan])
    others = np.asarray([2.0, 1.0, 0.0, np.nan, np.nan])
    left, right = map(minimal_namespace.Array, (values, others))
    for name in ("maximum", "minimum"):
        found = getattr(xp, name)(left, right)._hidden
        assert_allclose(found, getattr(np, name)(values, others))
        number = getattr(xp, name)(left, 1.5)._hidden
        assert_allclose(number, getattr(np, name)(values, 1.5))
