"""Faster ways for single libraries, each loaded when its array arrives."""
