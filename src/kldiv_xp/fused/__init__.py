"""Loops for the host's processor, compiled from the formula, an extra."""
