"""Remedies keep to the axis of the call: followed along every axis, they give what is meant."""

import pytest
from checks import followed_axes, followed_labels
from checks.followed_options import OF_LOGITS, OF_TABLES
from numpy.testing import assert_allclose

DENSE = [*OF_LOGITS, *OF_TABLES]
IN_PART = ["sparse_kl_div_with_logits", "sparse_kl_div_with_logits_gradient"]
FUNCTIONS = [one for one in DENSE if one[0].islower()]
# Whom a mistake may happen to: classes remember one temperature as a number.
MISTAKES = {
    "masked_logits": OF_LOGITS,
    "masked_tables": OF_TABLES,
    "labels": DENSE,
    "labels_of_part": IN_PART,
    "temperatures": [one for one in OF_LOGITS if one in FUNCTIONS],
    "samples_in_a_list": DENSE,
    "counts": DENSE,
    "numbers_as_masks": DENSE,
}
WALKED = [(mistake, name) for mistake, names in MISTAKES.items() for name in names]


@pytest.mark.filterwarnings("ignore:reduction='mean'")
@pytest.mark.parametrize(("mistake", "name"), WALKED)
def test_a_remedy_keeps_to_the_axis_of_the_call(mistake, name):
    module = followed_labels if mistake.startswith("labels") else followed_axes
    followed = getattr(module, mistake)
    for shape, axis in followed_axes.WALK:
        for found, expected in followed(name, shape, axis):
            assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=f"{shape}, {axis}")
