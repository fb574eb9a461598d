"""Proofs by exhaustion that no library's logarithm or exponential changes a bit."""
