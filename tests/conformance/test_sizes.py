import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from conformance_mutants import BACKENDS, NEAR, mutants, outcomes, text_of

from generate.edges import BLOCKS, edges
from generate.groups import gradients, logits, ordinary, reductions, samples_and_masks
from generate.logits_draft import LogitsDraft
from generate.many import rows
from generate.problem import problem
from generate.solve import solve
from generate.solve_logit_derivatives import solve_logit_derivatives
from generate.solve_logits import solve_logits
from generate.solve_many import solve_many
from generate.solve_many_logits import solve_many_logits
from generate.solve_samples import solve_samples
from kldiv_conformance import ADAPTERS, vectors
from kldiv_conformance._calls import call, made
from kldiv_conformance._implementations import Implementation

NUMPY, SIZES = ADAPTERS["numpy"], vectors("sizes")
WRONG = [mutant for mutant in mutants() if mutant.flag == "ManyElements"]


def textbook(book):
    scope = {"__name__": book}
    exec(compile(text_of(book), book, "exec"), scope)
    return Implementation(book, scope.get("kl_div"), scope.get("kl_div_gradient"), scope)


def book_of(function):
    """Text that has a function."""
    named = (name for name in BACKENDS if BACKENDS[name][0] == "numpy" and name != NEAR)
    return next(name for name in named if f"def {function or 'kl_div'}(" in text_of(name))


def largest(vector):
    """The arrays of most parts, which are elements, or the rows of a weight."""
    every = {"input": vector.input, "target": vector.target, **vector.layers}
    most = max(parts(name, one) for name, one in every.items())
    return {name: one for name, one in every.items() if parts(name, one) == most}


def parts(name, operand):
    return operand.shape[0] if name == "weight" else len(operand.values)


def places(vector):
    """Edges that a mask does not leave out."""
    size, where = parts(*next(iter(largest(vector).items()))), vector.where
    chosen = [1.0] * size if where is None else where.values
    return [place for place in edges(size) if chosen[place * len(chosen) // size]]


def bounds_apart(vector, place):
    """How many bounds the result moves if one part is like those that are no edge."""
    arrays = {**vector.pair, **vector.others}
    for name, one in largest(vector).items():
        step = one.shape[-1] if one.shape[-1] < 4 else 1
        values = list(one.values)
        width = len(values) // parts(name, one)
        for number in range(place * width, (place + 1) * width):
            alike = (other for other in values[number % step :: step] if not math.isnan(other))
            values[number] = Counter(alike).most_common(1)[0][0]
        arrays[name] = replace(one, values=values)
    made_arrays = {name: made(one, NUMPY) for name, one in arrays.items()}
    pair = [made_arrays.pop(name) for name in vector.pair]
    book = textbook(book_of(vector.function))
    found = call(vector, NUMPY, book, pair, vector.arguments | made_arrays)
    apart = []
    for name, result in vector.results.items():
        off = np.abs(np.asarray(NUMPY.numbers(found[name])) - np.asarray(result.values))
        apart.append(np.max(off / np.maximum(result.error_bound, 1e-300)))
    return max(apart)


@pytest.mark.cases(2, 4)
@pytest.mark.parametrize(
    "vector", [it for it in SIZES if it.input.dtype != "bfloat16"], ids=lambda it: it.id
)
def test_every_edge_weighs_several_bounds(vector):
    found = places(vector)
    assert found
    assert min(bounds_apart(vector, place) for place in found) > 5


def test_sizes_are_on_both_sides_of_every_block():
    sizes = [parts(*one) for vector in SIZES for one in largest(vector).items()]
    assert min(sizes) > 1024
    for block in BLOCKS:
        assert max(sizes) > block
        assert all(size % block for size in sizes)
    assert max(sizes) > 10**6
    assert {vector.input.dtype for vector in SIZES} == set(NUMPY.floats) | {"bfloat16"}


@pytest.mark.few(1)
@pytest.mark.parametrize("mutant", WRONG, ids=lambda mutant: f"{mutant.book}: {mutant.name}")
@pytest.mark.cases(8)
def test_what_goes_wrong_beyond_a_block_is_convicted_by_sizes_alone(mutant):
    asked = [vector for vector in SIZES if book_of(vector.function) == mutant.book]
    lines = outcomes(mutant.book, mutant.text, asked)
    assert any(line["verdict"] == "failure" for line in lines)


def same(draft, slow, fast):
    """Whether few elements have the same results, each computed for itself or once for all."""
    left, right = slow(draft), fast(draft)
    assert repr(left.expected) == repr(right.expected), draft.comment
    assert repr(left.error_bound) == repr(right.error_bound), draft.comment


def finite(draft):
    return all(map(math.isfinite, draft.input + draft.target))


def plain(draft):
    is_usual = not (draft.is_of_another_form or draft.reproducible) and draft.legacy is None
    return is_usual and not isinstance(draft.upstream, tuple)


@pytest.mark.slow
def test_losses_are_those_of_the_other_generator():
    count = 0
    for draft in (*ordinary.drafts(), *reductions.drafts(), *gradients.drafts()):
        fits = draft.input and draft.shapes[0] and finite(draft) and plain(draft)
        if fits and not draft.is_sampled and len(draft.input) == len(draft.target):
            same(draft, solve, solve_many)
            count += 1
    assert count > 80


def test_samples_and_masks_are_those_of_the_other_generator():
    count = 0
    for draft in samples_and_masks.drafts():
        alone = problem(draft).resolved == "none" if not draft.raises else True
        fits = draft.axis in {None, -1} and not alone and plain(draft) and any(draft.where or [1])
        is_whole = draft.where is None or len(draft.where) == len(draft.input)
        if fits and is_whole and draft.shapes[0]:
            same(draft, solve_samples, solve_many)
            count += 1
    assert count > 10


@pytest.mark.slow
def test_logits_are_those_of_the_other_generator():
    count = 0
    for draft in logits.drafts():
        usual = isinstance(draft, LogitsDraft) and not draft.nearly_equal and plain(draft)
        if not usual or draft.raises or draft.axis != -1 or draft.where or not finite(draft):
            continue
        if not draft.input or not all(len(row) for row in rows(draft)):
            continue
        slow = solve_logits
        if draft.upstream is not None:
            slow = by_derivatives
        same(draft, slow, solve_many_logits)
        count += 1
    assert count > 60


def by_derivatives(draft):
    return solve_logit_derivatives(draft, draft.upstream)
