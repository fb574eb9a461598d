"""The sentence with which a function refuses its operands."""

import pytest

from kldiv_xp import kl_div, kl_div_gradient

BOTH = pytest.mark.parametrize("function", [kl_div, kl_div_gradient])


def sentence(error, function, *operands, **options):
    with pytest.raises(error) as caught:
        function(*operands, **options)
    return str(caught.value)
