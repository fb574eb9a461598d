"""Contexts, facts and plain evaluation, on which every backend may rely."""
