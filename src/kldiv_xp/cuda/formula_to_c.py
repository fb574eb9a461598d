"""C code for the lines of a traced formula."""

import math

from kldiv_xp.cuda.c_operations import INFINITY, NAN, OPERATIONS
from kldiv_xp.tracing.lines import Line


def declared(line: Line) -> str:
    """C declaration of a line's variable."""
    return f"const {line.dtype} {line.name} = {expression(line)};"


def expression(line: Line) -> str:
    """C expression of a line; of a sum or a maximum, the expression of its term."""
    operands = [written(one) for one in line.operands]
    if line.reduction:
        return operands[0]
    form = f"{line.dtype}({{}})" if line.operation == "astype" else OPERATIONS[line.operation]
    return form.format(*operands)


def written(operand: str | float) -> str:
    """C text of an operand: a variable's name or a number."""
    if isinstance(operand, str):
        return operand
    if math.isnan(operand):
        return f"real({NAN})"
    if math.isinf(operand):
        return f"real({'-' if operand < 0 else ''}{INFINITY})"
    return f"real({operand!r})"
