"""Writes the vectors: exact values from mpmath, each rounded once."""

from mpmath import mp

mp.dps = 50
