"""Loops over blocks in the cache, and their threads; knows no divergence."""
