"""From a draft to what it expects: exact results, bounds, and what other conventions say."""

from dataclasses import replace

from mpmath import mpf

from generate import bounds, conventions, reference
from generate.draft import Draft, Upstream
from generate.problem import Problem, check_overflow, problem, traces
from generate.rounding import rounded
from generate.samples import factors
from generate.solution import Floats, Solution, differing, settled


def solve(draft: Draft) -> Solution:
    """Everything that a vector of this draft expects."""
    posed = problem(draft)
    if draft.upstream is None:
        found = value_solution(posed)
    else:
        found = derivative_solution(posed, draft.upstream)
    # Other libraries do not take the dtype of the result.
    return found if draft.result_dtype is None else replace(found, conventions={})


def value_solution(posed: Problem) -> Solution:
    """Solution of a vector that asks for the loss."""
    options = posed.log_target, posed.working
    terms = [reference.term(*pair, *options) for pair in posed.pairs]
    check_overflow(terms, posed)
    exact = reference.reduced(terms, posed.resolved, posed.shape)
    parts = None if posed.resolved == "none" else reference.divisor(posed.resolved, posed.shape)
    errors = [bounds.term_bound(*pair, *options) for pair in posed.pairs]
    reach = bounds.value_bounds(errors, parts, posed.working)
    form = posed.results["value"]
    expected = [rounded(value, form) for value in exact]
    bound = [bounds.acceptable(*pair, form) for pair in zip(exact, reach, strict=True)]
    others = {
        name: conventions.prescribed(
            name,
            [
                rule(*pair, posed.log_target, conventions.Arithmetic(posed.working))
                for pair in posed.pairs
            ],
            posed.reduction,
            posed.legacy,
            posed.shape,
            form,
        )
        for name, rule in conventions.CONVENTIONS.items()
    }
    named = {
        name: {"value": settled(values, expected, bound, form)} for name, values in others.items()
    }
    return Solution(
        {"value": expected},
        {"value": bound},
        differing({"value": expected}, named),
        traces(posed) + [float(value) for value in terms],
    )


def derivative_solution(posed: Problem, upstream: Upstream) -> Solution:
    """Solution of a vector that asks for the gradient."""
    common, each = factors(upstream, len(posed.pairs))
    common /= reference.divisor(posed.resolved, posed.shape)
    scales = [common * one for one in each]
    options = posed.log_target, posed.working
    derivatives = [reference.derivatives(*pair, *options) for pair in posed.pairs]
    errors = [
        bounds.derivative_bounds(
            *pair, posed.log_target, factor, posed.working, exact=upstream == 1
        )
        for pair, factor in zip(posed.pairs, scales, strict=True)
    ]
    expected, bound = {}, {}
    for place, (name, form) in enumerate(posed.results.items()):
        exact = [
            derivative[place] * factor if derivative[place] else mpf(0)
            for derivative, factor in zip(derivatives, scales, strict=True)
        ]
        expected[name] = [rounded(value, form) for value in exact]
        reach = [error[place] for error in errors]
        bound[name] = [bounds.acceptable(*pair, form) for pair in zip(exact, reach, strict=True)]
    others = {name: derivative_convention(name, posed, scales) for name in conventions.DERIVATIVES}
    named = {
        name: {
            part: settled(values[part], expected[part], bound[part], form)
            for part, form in posed.results.items()
        }
        for name, values in others.items()
    }
    return Solution(expected, bound, differing(expected, named), traces(posed))


def derivative_convention(name: str, posed: Problem, scales: list[mpf]) -> dict[str, Floats]:
    """Derivatives by a convention."""
    ieee = conventions.Arithmetic(posed.working)
    rule = conventions.DERIVATIVES[name]
    pairs = [
        rule(*pair, posed.log_target, factor, ieee)
        for pair, factor in zip(posed.pairs, scales, strict=True)
    ]
    return {
        part: [rounded(pair[place], form) for pair in pairs]
        for place, (part, form) in enumerate(posed.results.items())
    }
