"""The conformance suite: vectors, and whether a loss agrees with their exact results."""
