"""Checks of arrays, options and numbers, and the remedies that errors name."""
