"""The formulas, written down step by step for those who make code of them."""
