"""Expected results with `axis` or `where`: exact sums over the selected terms."""

from mpmath import mp, mpf

from generate import bounds, reference
from generate.draft import Draft, Upstream
from generate.problem import Problem, check_overflow, problem, traces_of
from generate.rounding import rounded
from generate.samples import Samples, samples
from generate.solution import Solution


def solve_samples(draft: Draft) -> Solution:
    """Everything that a vector of this draft expects; no library prescribes anything else."""
    posed, grouped = problem(draft), samples(draft)
    if draft.upstream is None:
        return value_solution(posed, grouped)
    return derivative_solution(posed, grouped, draft.upstream)


def value_solution(posed: Problem, grouped: Samples) -> Solution:
    """Solution of a vector that asks for the loss."""
    options = posed.log_target, posed.working
    form = posed.results["value"]
    divisor = grouped.divisor(posed.resolved)
    expected, bound, terms = [], [], []
    for part in grouped.parts(posed.resolved):
        found = [reference.term(*posed.pairs[place], *options) for place in part]
        check_overflow(found, posed)
        errors = [bounds.term_bound(*posed.pairs[place], *options) for place in part]
        exact = mp.fsum(found) / divisor
        pointwise = grouped.single and posed.resolved == "none" and part
        (reach,) = bounds.value_bounds(errors, None if pointwise else divisor, posed.working)
        expected.append(rounded(exact, form))
        bound.append(bounds.acceptable(exact, reach, form))
        terms += found
    seen = traces_of([posed.pairs[place] for place in grouped.selected], *options)
    return Solution({"value": expected}, {"value": bound}, {}, seen + [float(t) for t in terms])


def derivative_solution(posed: Problem, grouped: Samples, upstream: Upstream) -> Solution:
    """Solution of a vector that asks for the gradient: 0 at what is not selected."""
    options = posed.log_target, posed.working
    expected = {name: [0.0] * len(posed.pairs) for name in posed.results}
    bound = {name: [0.0] * len(posed.pairs) for name in posed.results}
    for place, factor in grouped.with_factors(upstream, posed.resolved):
        pair = posed.pairs[place]
        derivatives = reference.derivatives(*pair, *options)
        reach = bounds.derivative_bounds(
            *pair, posed.log_target, factor, posed.working, exact=upstream == 1
        )
        for (name, form), derivative, error in zip(
            posed.results.items(), derivatives, reach, strict=True
        ):
            exact = derivative * factor if derivative else mpf(0)
            expected[name][place] = rounded(exact, form)
            bound[name][place] = bounds.acceptable(exact, error, form)
    chosen = [posed.pairs[place] for place in grouped.selected]
    return Solution(expected, bound, {}, traces_of(chosen, *options))
