"""What users call: signatures and docstrings."""
