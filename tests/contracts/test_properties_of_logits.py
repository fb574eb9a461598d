"""Properties of divergences of logits that hold for any numbers, on every backend."""

import functools
import math

import numpy as np
import pytest
from contracts.draws import close, for_all_draws, half_of, log_softmax, masked, results_on, spoil

from kldiv_xp import js_div_with_logits, kl_div, kl_div_with_logits

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

masked_logits = {
    "kl": functools.partial(masked, kl_div_with_logits),
    "js": functools.partial(masked, js_div_with_logits),
}
logit_divergences = {"kl": kl_div_with_logits, "js": js_div_with_logits}
OF_LOGITS = pytest.mark.parametrize("name", logit_divergences)


@pytest.fixture
def values(backend):
    return results_on(backend)


@pytest.mark.few(4, 6)
@OF_LOGITS
@for_all_draws
def test_mask_of_samples_of_logits_is_a_selection(backend, values, draw, name):
    rng, shape = draw.start(backend)
    operands = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    mask = half_of(rng, (shape[0], 1))
    chosen = [array[mask[:, 0]] for array in operands]
    close(
        values(
            masked_logits[name], *(spoil(rng, a, mask) for a in operands), mask, reduction="mean"
        ),
        values(logit_divergences[name], *chosen, reduction="mean"),
    )


@pytest.mark.few(1)
@OF_LOGITS
@for_all_draws
def test_constant_added_to_the_logits_of_a_sample_changes_nothing(backend, values, draw, name):
    rng, shape = draw.start(backend)
    student, teacher = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    function = logit_divergences[name]
    rows = values(function, student, teacher, reduction="none")
    for_student, for_teacher = rng.uniform(-100, 100, size=(2, shape[0], 1))
    for moved in [(student + for_student, teacher), (student, teacher + for_teacher)]:
        # A logit of 100 is rounded by 1e-14.
        close(values(function, *moved, reduction="none"), rows, rtol=1e-10)


@for_all_draws
def test_logits_and_their_log_probabilities_are_equally_far_apart(backend, values, draw):
    rng, shape = draw.start(backend)
    student, teacher = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    distributions = log_softmax(student), np.exp(log_softmax(teacher))
    close(
        values(kl_div_with_logits, student, teacher, reduction="none"),
        values(kl_div, *distributions, reduction="none", axis=-1),
    )


@for_all_draws
def test_jensen_shannon_is_symmetric_and_between_0_and_log_2(backend, values, draw):
    rng, shape = draw.start(backend)
    student, teacher = (draw.logits(rng, shape, zeros) for zeros in (0.4, 0.4))
    rows = values(js_div_with_logits, student, teacher, reduction="none")
    close(values(js_div_with_logits, teacher, student, reduction="none"), rows)
    assert ((rows >= -1e-14) & (rows <= math.log(2) + 1e-14)).all()


@pytest.mark.few(3, 7)
@pytest.mark.parametrize("temperature", [0.5, 7.0])
@for_all_draws
def test_temperature_divides_logits_and_multiplies_by_its_square(
    backend, values, draw, temperature
):
    rng, shape = draw.start(backend)
    student, teacher = draw.logits(rng, shape), draw.logits(rng, shape, 0.2)
    softened = values(
        kl_div_with_logits, student / temperature, teacher / temperature, reduction="none"
    )
    rows = values(kl_div_with_logits, student, teacher, temperature=temperature, reduction="none")
    close(rows, temperature**2 * softened, atol=1e-12 * max(1, temperature**2))
