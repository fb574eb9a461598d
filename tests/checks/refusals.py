"""The sentence with which a function refuses its operands."""

import pytest

from kldiv_xp import kl_div, kl_div_gradient

BOTH = pytest.mark.parametrize("function", [kl_div, kl_div_gradient])


def sentence(error, function, *operands, **options):
    with pytest.raises(error) as caught:
        function(*operands, **options)
    return str(caught.value)


SWITCHES = {"True": True, "yes": True, "False": False, "no": False}
ON_BY_DEFAULT = {"log_input", "scale_by_temperature_squared"}


def of_switch(name, flag):
    """Sentence on what is neither True nor False."""
    remedy = "pass bool(...) of it"
    if flag is None:
        remedy = f"pass {name}={name in ON_BY_DEFAULT}, the default"
    elif isinstance(flag, str | list):
        remedy = f"pass {name}={SWITCHES[flag] if isinstance(flag, str) else flag[0]}"
    return f"`{name}` must be True or False; got {flag!r}: {remedy}."
