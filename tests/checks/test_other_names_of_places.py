"""Places of a teacher, and mixtures, by other libraries' options."""

import numpy as np
import pytest
from checks.followed_options import (
    LOG_P,
    LOG_Q,
    LOGITS,
    OF_LOGITS,
    OF_TABLES,
    TEACHER,
    P,
    divergence,
    sum_of,
    told_for,
)
from numpy.testing import assert_allclose

import kldiv_xp

PLACES = np.argsort(-TEACHER, axis=-1)


@pytest.mark.parametrize("option", ["indices", "topk_indices"])
@pytest.mark.parametrize("name", [*OF_TABLES, *OF_LOGITS])
def test_places_of_a_teacher_are_told_by_the_loss_that_takes_them(name, option):
    told = told_for(name, option, PLACES)
    sparse = "sparse_kl_div_with_logits" + "_gradient" * name.endswith("gradient")
    if "js" in name.lower():
        assert told == (
            f"leave it out: no mixture takes a teacher that is known in part, as {sparse} does"
        )
        return
    assert told == (
        f"call {sparse}(input, indices, target), with the `axis` that you give here, and logits or "
        "log-probabilities as `input`: it takes `target` for log-probabilities at these places "
        "unless target_is says otherwise"
    )
    for target, options in ((LOG_P, {}), (P, {"target_is": "probabilities"})):
        values = np.take_along_axis(target, PLACES, -1)
        for rows in (LOGITS, LOG_Q):
            found = sum_of(sparse, rows, PLACES, values, **options)
            assert_allclose(found, divergence("kl", LOG_Q, P))


@pytest.mark.parametrize("end", ["", "_gradient"])
def test_places_by_another_name_are_told_by_the_one_here(end):
    name = f"linear_kl_div{end}"
    assert told_for(name, "topk_indices", PLACES) == "pass indices=topk_indices"
    log_p = np.take_along_axis(LOG_P, PLACES, -1)
    options = {"indices": PLACES, "target_is": "log_probabilities"}
    assert_allclose(sum_of(name, LOGITS, np.eye(5), log_p, **options), divergence("kl", LOG_Q, P))
    name = f"sparse_kl_div_with_logits{end}"
    assert told_for(name, "topk_indices", PLACES) == "pass it as `indices`, by its place"


@pytest.mark.parametrize(
    ("option", "beta", "value"),
    [("alpha", 0.3, 0.3), ("jsd_beta", 0.3, 0.3), ("symmetric", 0.5, True), ("reverse", 1.0, True)],
)
def test_a_mixture_of_hidden_states_takes_no_places(option, beta, value):
    told = told_for("linear_kl_div", option, value)
    assert told.startswith(f"pass beta={beta}")
    assert ", and leave `indices` out if there are any" in told
    given = {"indices": PLACES, "target_is": "log_probabilities", "beta": beta}
    with pytest.raises(ValueError, match="beta"):
        kldiv_xp.linear_kl_div(LOGITS, np.eye(5), LOG_P, **given)
    kldiv_xp.linear_kl_div(LOGITS, np.eye(5), TEACHER, beta=beta)


@pytest.mark.parametrize("end", ["", "_gradient"])
def test_a_space_of_hidden_states_is_told_without_the_layer_that_makes_logits(end):
    name = f"linear_kl_div{end}"
    for value, space, target in ((True, "log_probabilities", LOG_P), (False, "probabilities", P)):
        assert told_for(name, "log_target", value, target_weight=np.eye(3)) == (
            f"pass target_is='{space}', without `target_weight`, which makes logits"
        )
        found = sum_of(name, LOGITS, np.eye(5), target, target_is=space)
        assert_allclose(found, divergence("kl", LOG_Q, P))


def test_no_weight_of_a_mixture_is_the_default_of_the_loss():
    for name, operands, expected in (
        ("js_div_with_logits", (LOGITS, TEACHER), divergence("js", LOG_Q, P)),
        ("linear_kl_div", (LOGITS, np.eye(5), TEACHER), divergence("kl", LOG_Q, P)),
    ):
        with pytest.raises(TypeError, match=r"; got None: leave it out\.$"):
            getattr(kldiv_xp, name)(*operands, beta=None)
        assert_allclose(sum_of(name, *operands), expected)
