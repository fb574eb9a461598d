"""Expected results of the Jensen-Shannon divergence of tables."""

from functools import cache

from mpmath import mp, mpf

from generate import bounds
from generate.draft import Upstream
from generate.problem import Problem, check_overflow, problem
from generate.rounding import rounded
from generate.samples import Samples, samples
from generate.solution import Solution
from generate.tables import Mixture
from generate.tables_draft import TablesDraft


def solve_tables(draft: TablesDraft) -> Solution:
    """Everything that a vector of this draft expects."""
    posed, grouped = problem(draft), samples(draft)
    mixture = Mixture(draft.log_input, posed.log_target, draft.beta, posed.working)
    if draft.upstream is None:
        return value_solution(posed, grouped, mixture)
    return derivative_solution(posed, grouped, mixture, draft.upstream)


def value_solution(posed: Problem, grouped: Samples, mixture: Mixture) -> Solution:
    """Solution of a vector that asks for the divergence."""
    form, divisor = posed.results["value"], grouped.divisor(posed.resolved)
    expected, bound = [], []
    term, term_bound = cache(mixture.term), cache(mixture.term_bound)
    for part in grouped.parts(posed.resolved):
        found = [term(*posed.pairs[place]) for place in part]
        check_overflow(found, posed)
        errors = [term_bound(*posed.pairs[place]) for place in part]
        exact = mp.fsum(found) / divisor
        pointwise = grouped.single and posed.resolved == "none" and part
        (reach,) = bounds.value_bounds(errors, None if pointwise else divisor, posed.working)
        expected.append(rounded(exact, form))
        bound.append(bounds.acceptable(exact, reach, form))
    return Solution({"value": expected}, {"value": bound}, {}, traces(posed, grouped, mixture))


def derivative_solution(
    posed: Problem, grouped: Samples, mixture: Mixture, upstream: Upstream
) -> Solution:
    """Solution of a vector that asks for the gradient: 0 at what is not selected."""
    expected = {name: [0.0] * len(posed.pairs) for name in posed.results}
    bound = {name: [0.0] * len(posed.pairs) for name in posed.results}
    of, bounds_of = cache(mixture.derivatives), cache(mixture.derivative_bounds)
    for place, factor in grouped.with_factors(upstream, posed.resolved):
        derivatives = of(*posed.pairs[place])
        reach = bounds_of(*posed.pairs[place], factor)
        for (name, form), derivative, error in zip(
            posed.results.items(), derivatives, reach, strict=True
        ):
            exact = derivative * factor if derivative else mpf(0)
            expected[name][place] = rounded(exact, form)
            bound[name][place] = bounds.acceptable(exact, error, form)
    return Solution(expected, bound, {}, traces(posed, grouped, mixture))


def traces(posed: Problem, grouped: Samples, mixture: Mixture) -> list[float]:
    """Magnitudes that an implementation may meet for what is selected."""
    pairs = dict.fromkeys(posed.pairs[place] for place in grouped.selected)
    return [trace for pair in pairs for trace in mixture.traces(*pair)]
