"""What the tests and the conformance suite say of every array library, and the page about it."""
