"""Results of the tests and of the conformance suite for every array library, and their page."""
