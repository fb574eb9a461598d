"""Supported operations of traced formulas, and properties of their types."""

from typing import NamedTuple

# Operations that the formulas call, and the type of what each returns.
RESULT_KINDS = {
    **dict.fromkeys(("add", "subtract", "multiply", "negative", "divide", "abs"), "real"),
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "tanh", "sqrt"), "real"),
    **dict.fromkeys(("maximum", "minimum", "where"), "real"),
    **dict.fromkeys(("equal", "not_equal", "less", "less_equal"), "bool"),
    **dict.fromkeys(("greater", "greater_equal", "isinf"), "bool"),
    **dict.fromkeys(("logical_and", "logical_or", "logical_not"), "bool"),
}


BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "bool": 1}
"""Bytes of an element in memory."""

NARROW = frozenset({"float16", "bfloat16"})
"""Dtypes of 16 bits, which are computed in float32."""


class RealLimits(NamedTuple):
    """Limits of the working type, as `finfo` names them."""

    eps: float
    max: float
    smallest_normal: float


LIMITS = {
    "float32": RealLimits(2.0**-23, (2 - 2.0**-23) * 2.0**127, 2.0**-126),
    "float64": RealLimits(2.0**-52, (2 - 2.0**-52) * 2.0**1023, 2.0**-1022),
}
