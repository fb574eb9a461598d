"""Diagnosis of wrong inputs; it reads values and is never in a hot path."""
