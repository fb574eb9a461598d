"""Checks of arrays, options and numbers, and the remedies in their errors."""
