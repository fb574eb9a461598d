"""How far a correct implementation may be from the exact value; README.md derives the constants."""

import math
from collections.abc import Sequence

from mpmath import mp, mpf

from generate.reference import log_probability, probability
from generate.rounding import rounded
from kldiv_conformance._formats import Format

# A term: NumPy states 3.83 ulp for its float32 log, https://github.com/numpy/numpy/pull/13134.
LIBRARY_ULP = 4
TERM = LIBRARY_ULP + 2
# A sum of n terms adds n/2 for its n - 1 additions, and 2 for the division by a size.
DIVISION = 2
# A gradient is scaled by the upstream derivative and by a size.
GRADIENT = TERM + 2


def term_bound(log_q: float, target: float, log_target: bool, form: Format) -> tuple[mpf, mpf]:
    """Scale of the rounding errors of a term, in eps, and its underflow; 0 if it must be exact."""
    p = probability(target, log_target, form)
    log_p = log_probability(p, target, log_target)
    log_ratio = abs(log_p - log_q)
    scale = p * (log_ratio if log_target else abs(log_p) + abs(mpf(log_q)))
    if p == 0 or scale == 0 or not mp.isfinite(scale):
        return mpf(0), mpf(0)
    lost = 2 + (LIBRARY_ULP * log_ratio if log_target else 0)
    return scale, lost * mpf(form.smallest_subnormal)


def value_bounds(bounds: Sequence[tuple[mpf, mpf]], parts: mpf | None, form: Format) -> list[mpf]:
    """Errors of all terms, or that of their sum over `parts`."""
    if parts is None:
        return [TERM * scale * mpf(form.eps) + lost for scale, lost in bounds]
    constant = TERM + DIVISION + mpf(len(bounds)) / 2
    scale = mp.fsum(scale for scale, _ in bounds)
    lost = mp.fsum(lost for _, lost in bounds) + 2 * mpf(form.smallest_subnormal)
    return [(constant * scale * mpf(form.eps) + lost) / parts if scale else mpf(0)]


def derivative_bounds(
    log_q: float, target: float, log_target: bool, factor: mpf, form: Format, *, exact: bool
) -> tuple[mpf, mpf]:
    """Errors of the two derivatives of a term, times `factor`; `exact` if nothing multiplies."""
    p = probability(target, log_target, form)
    log_p = log_probability(p, target, log_target)
    by_p = abs(log_p) + abs(mpf(log_q)) + 1
    scales = abs(p), (p * by_p if log_target else by_p)
    if p == 0 or factor == 0:
        return mpf(0), mpf(0)
    by_input, by_target = (
        abs(factor) * (GRADIENT * scale * mpf(form.eps) + lost * mpf(form.smallest_subnormal))
        for scale, lost in zip(scales, (TERM, 2 + LIBRARY_ULP * by_p), strict=True)
    )
    exact_input = exact and factor == 1 and not log_target
    return mpf(0) if exact_input else by_input, by_target if mp.isfinite(by_target) else mpf(0)


def acceptable(exact: mpf, bound: mpf, form: Format) -> float:
    """Largest distance from the expected number to what rounds from within `bound` of `exact`."""
    if bound == 0 or not mp.isfinite(exact):
        return 0.0
    expected = rounded(exact, form)
    edges = [rounded(exact - bound, form), rounded(exact + bound, form)]
    if edges == [expected, expected]:
        return 0.0
    reach = max(edges[1] - expected, expected - edges[0])
    if not math.isfinite(reach):
        message = f"the result {expected!r} may overflow {form.name}: choose smaller operands."
        raise ValueError(message)
    return reach
