"""Random calls on every backend are as exact as rounding allows: values, derivatives, logits."""

import pytest
from conftest import EVERY

checks = pytest.importorskip("fuzz.checks", reason="fuzz/ or mpmath is not here")

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


@pytest.mark.few(4, 6)
@pytest.mark.only_where(lambda check, backend: checks.applies(check, EVERY[backend]))
@pytest.mark.parametrize("check", checks.CHECKS)
def test_random_calls_are_within_the_bound_of_the_exact_result(backend, check):
    checks.property_of(check, backend)()
