"""The public functions and classes: signatures and docstrings."""
