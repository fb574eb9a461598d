"""What is chosen last is what the full guard gives, and no logarithm is one of what was chosen."""

import numpy as np
import pytest
import reference
from numpy.testing import assert_array_equal

from kldiv_xp.formula.form import Form, derivative_of
from kldiv_xp.formula.log_probabilities import Guard

FORMS = [Form(log_input, log_target) for log_input in (True, False) for log_target in (True, False)]
PLACES = {"terms": -1, "derivative by the input": 0, "derivative by the target": 1}


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_choice_of_the_result_gives_what_the_full_guard_gives(form, place, masked, dtype):
    pairs = reference.every_pair(form.log_target, form.log_input)
    arrays = [*np.asarray(pairs, dtype=dtype).T]
    if masked:
        arrays = [np.tile(one, 2) for one in arrays]
        arrays.append(np.arange(arrays[0].size) < arrays[0].size // 2)
    function = derivative_of(form, place)
    with np.errstate(all="ignore"):
        chosen, full = (function(np, *arrays, guard=it) for it in (Guard.RESULT, Guard.FULL))
    if masked and place >= 0:  # a derivative is masked by its caller
        chosen, full = (np.where(arrays[2], one, 0.0) for one in (chosen, full))
    assert_array_equal(chosen, full)
    of_numbers = ~np.isnan(full)
    assert_array_equal(np.signbit(chosen)[of_numbers], np.signbit(full)[of_numbers])


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_logarithms_are_of_the_operands_themselves(form, place, masked):
    class Numbers:
        """NumPy, and the operands of its logarithms."""

        def __init__(self):
            self.seen = []

        def __getattr__(self, name):
            return getattr(np, name)

        def log(self, array):
            self.seen.append(array)
            return np.log(array)

    arrays = [np.asarray([0.5, 0.25]), np.asarray([0.75, 0.25]), np.asarray([True, False])]
    xp = Numbers()
    derivative_of(form, place)(xp, *arrays[: 2 + masked], guard=Guard.RESULT)
    assert all(any(one is it for it in arrays) for one in xp.seen)
