"""How fast kldiv_xp and its peers are, side by side; `python -m benchmarks --help`."""
