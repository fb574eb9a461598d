"""Samples: the terms that are summed, those that are left out, and the divisor of a reduction."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from mpmath import mp, mpf

from generate.draft import Draft, Upstream


@dataclass(frozen=True)
class Samples:
    """Samples in row-major order, each as the places of its selected terms.

    Without `axis` every term is a sample.
    """

    shape: tuple[int, ...]
    terms: tuple[tuple[int, ...], ...]
    single: bool
    masked: bool

    @property
    def selected(self) -> list[int]:
        """Places of all selected terms."""
        return [place for terms in self.terms for place in terms]

    def parts(self, reduction: str) -> tuple[tuple[int, ...], ...]:
        """Places of the terms of each number of the result."""
        return self.terms if reduction == "none" else (tuple(self.selected),)

    def divisor(self, reduction: str) -> mpf:
        """Samples with anything selected for 'mean', size of the first axis for 'batchmean'.

        NaN for 0, by which nothing is divided; but nothing that a mask selects has the mean 0.
        """
        if reduction == "mean":
            return mpf(sum(map(bool, self.terms)) or (1 if self.masked else mp.nan))
        return mpf((self.shape[0] or mp.nan) if reduction == "batchmean" and self.shape else 1)

    def factors(self, upstream: Upstream, reduction: str) -> tuple[mpf, list[mpf]]:
        """Factor of all derivatives, and one more of those of each sample."""
        common, each = factors(upstream, len(self.terms))
        return common / self.divisor(reduction), each

    def with_factors(self, upstream: Upstream, reduction: str) -> Iterator[tuple[int, mpf]]:
        """Places of all selected terms, with the factor of their derivatives."""
        common, each = self.factors(upstream, reduction)
        for terms, one in zip(self.terms, each, strict=True):
            yield from ((place, common * one) for place in terms)


def factors(upstream: Upstream, count: int) -> tuple[mpf, list[mpf]]:
    """Factor of the derivatives of so many elements of a loss, and one more of each."""
    if not isinstance(upstream, tuple):
        return mpf(upstream), [mpf(1)] * count
    if len(upstream) != count:
        message = f"upstream has {len(upstream)} numbers for {count} elements."
        raise ValueError(message)
    return mpf(1), [mpf(one) for one in upstream]


@lru_cache(maxsize=2)
def samples(draft: Draft) -> Samples:
    """Samples of a draft that has `axis` or `where`."""
    shape = draft.shapes[0]
    axes = axes_of(draft)
    kept = kept_shape(draft)
    found: dict[tuple[int, ...], list[int]] = {
        place: [] for place in product(*(range(size) for size in kept))
    }
    chosen = selection(draft)
    for number, place in enumerate(product(*(range(size) for size in shape))):
        sample = tuple(index for axis, index in enumerate(place) if axis not in axes)
        if chosen[number]:
            found[sample].append(number)
    terms, masked = tuple(map(tuple, found.values())), draft.where is not None
    return Samples(kept, terms, single=not axes, masked=masked)


def kept_shape(draft: Draft) -> tuple[int, ...]:
    """Shape without the axes of a sample."""
    axes = axes_of(draft)
    return tuple(size for axis, size in enumerate(draft.shapes[0]) if axis not in axes)


def axes_of(draft: Draft) -> set[int]:
    """Axes of one sample, counted from the front."""
    axes = draft.axis if isinstance(draft.axis, tuple) else (draft.axis,)
    return {axis % len(draft.shapes[0]) for axis in axes if isinstance(axis, int)}


def mask_shape(draft: Draft) -> tuple[int, ...]:
    """Shape of the mask, of size 1 along the axes of a sample where it has the shape of samples."""
    shape, axes = draft.shapes[0], axes_of(draft)
    given = draft.where_shape or shape
    if len(given) == len(shape):
        return given
    left = iter(given)
    return tuple(1 if axis in axes else next(left) for axis in range(len(shape)))


def selection(draft: Draft) -> list[bool]:
    """Mask in the shape of the operands."""
    shape = draft.shapes[0]
    if draft.where is None:
        return [True] * math.prod(shape)
    sizes = mask_shape(draft)
    found = []
    for place in product(*(range(size) for size in shape)):
        number = 0
        for index, size in zip(place, sizes, strict=True):
            number = number * size + (index if size > 1 else 0)
        found.append(draft.where[number])
    return found
