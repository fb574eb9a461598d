"""Tracing of the formulas, for the generators of code."""
