"""Losses with the same bits, of arrays of NumPy."""
