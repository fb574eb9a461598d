"""Expected results of sums of terms of any form: other forms of the loss, and mixtures of tables.

No library prescribes anything else.
"""

from functools import cache

from mpmath import mp, mpf

from generate import bounds
from generate.draft import Draft, Upstream
from generate.forms import Form
from generate.problem import Problem, check_overflow, problem
from generate.rounding import rounded
from generate.samples import Samples, samples
from generate.solution import Solution
from generate.tables import Mixture
from generate.tables_draft import TablesDraft

Terms = Form | Mixture


def solve_tables(draft: TablesDraft) -> Solution:
    """Everything that a vector of the divergence of two tables expects."""
    posed = problem(draft)
    return solution(
        draft, posed, Mixture(draft.log_input, posed.log_target, draft.beta, posed.working)
    )


def solve_form(draft: Draft) -> Solution:
    """Everything that a vector of another form of the loss expects."""
    posed = problem(draft)
    return solution(
        draft, posed, Form(draft.log_input, posed.log_target, draft.generalized, posed.working)
    )


def solution(draft: Draft, posed: Problem, form: Terms) -> Solution:
    """The loss, or its derivatives."""
    grouped = samples(draft)
    if draft.upstream is None:
        return value_solution(posed, grouped, form)
    return derivative_solution(posed, grouped, form, draft.upstream)


def value_solution(posed: Problem, grouped: Samples, terms: Terms) -> Solution:
    """Solution of a vector that asks for the divergence."""
    form, divisor = posed.results["value"], grouped.divisor(posed.resolved)
    expected, bound = [], []
    term, term_bound = cache(terms.term), cache(terms.term_bound)
    for part in grouped.parts(posed.resolved):
        found = [term(*posed.pairs[place]) for place in part]
        check_overflow(found, posed)
        errors = [term_bound(*posed.pairs[place]) for place in part]
        exact = mp.fsum(found) / divisor
        pointwise = grouped.single and posed.resolved == "none" and part
        (reach,) = bounds.value_bounds(errors, None if pointwise else divisor, posed.working)
        expected.append(rounded(exact, form))
        bound.append(bounds.acceptable(exact, reach, form))
    return Solution({"value": expected}, {"value": bound}, {}, traces(posed, grouped, terms))


def derivative_solution(
    posed: Problem, grouped: Samples, terms: Terms, upstream: Upstream
) -> Solution:
    """Solution of a vector that asks for the gradient: 0 at what is not selected."""
    expected = {name: [0.0] * len(posed.pairs) for name in posed.results}
    bound = {name: [0.0] * len(posed.pairs) for name in posed.results}
    of, bounds_of = cache(terms.derivatives), cache(terms.derivative_bounds)
    for place, factor in grouped.with_factors(upstream, posed.resolved):
        derivatives = of(*posed.pairs[place])
        reach = bounds_of(*posed.pairs[place], factor)
        for (name, form), derivative, error in zip(
            posed.results.items(), derivatives, reach, strict=True
        ):
            exact = derivative * factor if derivative else mpf(0)
            expected[name][place] = rounded(exact, form)
            bound[name][place] = bounds.acceptable(exact, error, form)
    return Solution(expected, bound, {}, traces(posed, grouped, terms))


def traces(posed: Problem, grouped: Samples, terms: Terms) -> list[float]:
    """Magnitudes that an implementation may meet for what is selected."""
    pairs = dict.fromkeys(posed.pairs[place] for place in grouped.selected)
    return [trace for pair in pairs for trace in terms.traces(*pair)]
