"""Codes of the findings of a diagnosis, each with its meaning."""

from collections.abc import Mapping
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType(
    {
        "swapped": "Probabilities as input and log-probabilities as target.",
        "probabilities-as-input": "Probabilities where their logarithms, or logits, belong.",
        "log-probabilities-as-input": "Log-probabilities where probabilities belong.",
        "logits-as-input": "Logits where probabilities or log-probabilities belong.",
        "probabilities-as-target": "Probabilities where logits belong.",
        "log-probabilities-as-target": "Log-probabilities where probabilities belong.",
        "probabilities-as-log-target": "Probabilities where log-probabilities belong.",
        "logits-as-target": "Logits where probabilities or log-probabilities belong.",
        "not-normalised": "Samples whose probabilities do not add up to 1.",
        "empty-input": "Samples of input in which every probability is 0.",
        "empty-target": "Samples of target in which every probability is 0.",
        "negative-input": "Negative entries where probabilities belong.",
        "negative-target": "Negative entries where probabilities belong.",
        "zero-support": "Entries that have a probability on the one side only.",
        "nan-input": "NaN in input.",
        "nan-target": "NaN in target.",
        "infinite-input": "Positive infinity in input.",
        "infinite-target": "Positive infinity in target.",
        "single-entry": "Distributions of one entry, whose loss is 0.",
        "nothing-selected": "A mask that selects nothing.",
        "underflow": "Targets that their 16-bit type cannot hold with all digits.",
        "dtype": "Operands that are not of real floating-point numbers.",
        "shape": "Operands whose shapes differ.",
    }
)
"""Codes of all findings, each with its meaning."""
