"""What is wrong with the inputs; reads values, and is in no hot path."""
