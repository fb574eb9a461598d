"""On a GPU: tests, conformance, host synchronisation, speed and memory, told on one page."""
