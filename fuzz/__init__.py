"""Random calls on every backend, judged by exact results; `python -m fuzz --help`."""
