"""The formulas' operations as C expressions."""

# Form of the expression; what the formulas call, and no more.
OPERATIONS = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "negative": "-{}",
    "divide": "{} / {}",
    "abs": "fabs({})",
    "exp": "exp({})",
    "expm1": "expm1({})",
    "log": "log({})",
    "log1p": "log1p({})",
    "tanh": "tanh({})",
    "sqrt": "sqrt({})",
    "maximum": "larger({}, {})",
    "minimum": "smaller({}, {})",
    "where": "{} ? {} : {}",
    "equal": "{} == {}",
    "not_equal": "{} != {}",
    "less": "{} < {}",
    "less_equal": "{} <= {}",
    "greater": "{} > {}",
    "greater_equal": "{} >= {}",
    "logical_and": "{} && {}",
    "logical_or": "{} || {}",
    "logical_not": "!{}",
    "isinf": "fabs({}) == real(__uint_as_float(0x7f800000))",
}
INFINITY = "__uint_as_float(0x7f800000)"
NAN = "__uint_as_float(0x7fc00000)"
