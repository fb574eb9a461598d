"""The command line (an extra)."""
