"""Loops over blocks that fit the cache, and their threads; independent of any divergence."""
