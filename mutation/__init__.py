"""Mutation testing: the tests must notice what is changed in the source."""
