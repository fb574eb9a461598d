"""Expected results of other forms of the loss; no library prescribes anything else."""

from functools import cache

from mpmath import mpf

from generate import bounds, reference
from generate.draft import Draft
from generate.forms import Form
from generate.problem import Problem, check_overflow, problem
from generate.rounding import rounded
from generate.solution import Solution


def solve_form(draft: Draft) -> Solution:
    """Everything that a vector of this draft expects."""
    posed = problem(draft)
    form = Form(draft.log_input, posed.log_target, draft.generalized, posed.working)
    if draft.upstream is None:
        return value_solution(posed, form)
    return derivative_solution(posed, form, draft.factor)


def value_solution(posed: Problem, form: Form) -> Solution:
    """Solution of a vector that asks for the loss."""
    term, term_bound = cache(form.term), cache(form.term_bound)
    terms = [term(*pair) for pair in posed.pairs]
    check_overflow(terms, posed)
    exact = reference.reduced(terms, posed.resolved, posed.shape)
    parts = None if posed.resolved == "none" else reference.divisor(posed.resolved, posed.shape)
    errors = [term_bound(*pair) for pair in posed.pairs]
    reach = bounds.value_bounds(errors, parts, posed.working)
    result = posed.results["value"]
    return Solution(
        {"value": [rounded(value, result) for value in exact]},
        {"value": [bounds.acceptable(*pair, result) for pair in zip(exact, reach, strict=True)]},
        {},
        traces(posed, form),
    )


def derivative_solution(posed: Problem, form: Form, upstream: float) -> Solution:
    """Solution of a vector that asks for the gradient."""
    factor = mpf(upstream) / reference.divisor(posed.resolved, posed.shape)
    expected: dict[str, list[float]] = {name: [] for name in posed.results}
    bound: dict[str, list[float]] = {name: [] for name in posed.results}
    of, bounds_of = cache(form.derivatives), cache(form.derivative_bounds)
    for pair in posed.pairs:
        errors, derivatives = bounds_of(*pair, factor), of(*pair)
        for (name, result), derivative, error in zip(
            posed.results.items(), derivatives, errors, strict=True
        ):
            exact = derivative * factor if derivative else mpf(0)
            expected[name].append(rounded(exact, result))
            bound[name].append(bounds.acceptable(exact, error, result))
    return Solution(expected, bound, {}, traces(posed, form))


def traces(posed: Problem, form: Form) -> list[float]:
    """Magnitudes that an implementation may meet."""
    return [trace for pair in dict.fromkeys(posed.pairs) for trace in form.traces(*pair)]
