"""Whether to use the compiled loops: llvmlite is installed and the arrays are large enough."""

import os
from functools import cache
from types import ModuleType

from kldiv_xp.formula.form import Form
from kldiv_xp.host.threads import ENVIRONMENT

FUSED_VARIABLE = "KLDIV_XP_FUSED"
FUSED_KEY = FUSED_VARIABLE if ENVIRONMENT is os.environ else os.environ.encodekey(FUSED_VARIABLE)
"""``KLDIV_XP_FUSED`` is 0, for no array at all, or 1, for arrays of any size."""

ELEMENTS_WORTH_IT = 1 << 16
"""Least number of elements for the compiled loops, which compile in the first call."""

MIXTURE_ELEMENTS_WORTH_IT = 1 << 12
"""The same of Jensen-Shannon terms: 7 ms of 4096 x 10 float32, 0.36 by the loops; KL 0.13, 0.09."""

ROW_ELEMENTS_WORTH_IT = 1 << 3
"""Least row length for them: per row, so that a row's bits do not depend on the other rows."""


def engine_for_terms(form: Form, elements: int) -> ModuleType | None:
    """The engine module if so many terms of a form use the compiled loops, else None."""
    is_mixture = form.beta is not None
    return engine_for(elements, MIXTURE_ELEMENTS_WORTH_IT if is_mixture else ELEMENTS_WORTH_IT)


def engine_for(elements: int, worth_it: int = ELEMENTS_WORTH_IT) -> ModuleType | None:
    """The engine module if arrays of this size use the compiled loops, else None."""
    setting = os.environ[FUSED_VARIABLE] if FUSED_KEY in ENVIRONMENT else None
    if setting is None:
        return engine_module() if elements >= worth_it else None
    if setting not in {"0", "1"}:
        message = (
            f"The environment variable {FUSED_VARIABLE} must be 0 or 1; got {setting!r}: set it to "
            "0 for no compiled loops, to 1 for arrays of any size, or unset it."
        )
        raise ValueError(message)
    return engine_module() if setting == "1" else None


@cache
def engine_module() -> ModuleType | None:
    """The engine module, None where llvmlite is not installed."""
    try:
        from kldiv_xp.fused import engine
    except (ImportError, OSError):  # the latter of a library that cannot be loaded
        return None
    return engine
