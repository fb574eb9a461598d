"""Diagnosis of wrong inputs; reads values, and is in no hot path."""
