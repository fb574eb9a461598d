"""One call, resolved: operands, reduction, mask and divisor."""
