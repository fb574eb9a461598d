"""The operations that the formulas call, in C, and the limits of floating-point types."""

from typing import NamedTuple

# Type of the result and form of the expression; what the formulas call, and no more.
OPERATIONS = {
    "add": ("real", "{} + {}"),
    "subtract": ("real", "{} - {}"),
    "multiply": ("real", "{} * {}"),
    "negative": ("real", "-{}"),
    "divide": ("real", "{} / {}"),
    "abs": ("real", "fabs({})"),
    "exp": ("real", "exp({})"),
    "expm1": ("real", "expm1({})"),
    "log": ("real", "log({})"),
    "log1p": ("real", "log1p({})"),
    "tanh": ("real", "tanh({})"),
    "sqrt": ("real", "sqrt({})"),
    "maximum": ("real", "larger({}, {})"),
    "minimum": ("real", "smaller({}, {})"),
    "where": ("real", "{} ? {} : {}"),
    "equal": ("bool", "{} == {}"),
    "not_equal": ("bool", "{} != {}"),
    "less": ("bool", "{} < {}"),
    "less_equal": ("bool", "{} <= {}"),
    "greater": ("bool", "{} > {}"),
    "greater_equal": ("bool", "{} >= {}"),
    "logical_and": ("bool", "{} && {}"),
    "logical_or": ("bool", "{} || {}"),
    "logical_not": ("bool", "!{}"),
    "isinf": ("bool", "fabs({}) == real(__uint_as_float(0x7f800000))"),
}
INFINITY = "__uint_as_float(0x7f800000)"
NAN = "__uint_as_float(0x7fc00000)"


class Limits(NamedTuple):
    """Limits of the working type that a formula asks for."""

    eps: float
    max: float
    smallest_normal: float


LIMITS = {
    "float32": Limits(2.0**-23, (2 - 2.0**-23) * 2.0**127, 2.0**-126),
    "float64": Limits(2.0**-52, (2 - 2.0**-52) * 2.0**1023, 2.0**-1022),
}
