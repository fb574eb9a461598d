"""Lazy arrays of Dask: one task per chunk."""
