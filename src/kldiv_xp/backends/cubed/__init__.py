"""Lazy arrays of Cubed: one task per chunk."""
