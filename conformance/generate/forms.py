"""The forms of the loss beside torch's, exactly: probabilities as input, and q - p added."""

from dataclasses import dataclass

from mpmath import mp, mpf

from generate.bounds import GRADIENT, LIBRARY_ULP, TERM
from generate.logits import logarithm
from generate.reference import log_probability, probability
from kldiv_conformance._formats import Format

# A term from exactly subtracted neighbours: log1p enters squared, 10 ulp for the rest.
COMPLETED = 2 * LIBRARY_ULP + 10


@dataclass(frozen=True)
class Form:
    """The spaces of the operands, whether q - p is added, and the format that is computed in."""

    log_input: bool
    log_target: bool
    generalized: bool
    working: Format

    def pair(self, x: float, t: float) -> tuple[mpf, mpf, mpf, mpf]:
        """P, q and their logarithms, 0 that of p where p is 0."""
        p = probability(t, self.log_target, self.working)
        q = mp.exp(x) if self.log_input else mpf(x)
        log_p = log_probability(p, t, self.log_target) if p else mpf(0)
        if self.log_input:
            return p, q, log_p, mpf(x)
        return p, q, log_p, logarithm(q)

    def term(self, x: float, t: float) -> mpf:
        """Term of one element."""
        p, q, log_p, log_q = self.pair(x, t)
        value = p * (log_p - log_q) if p else mpf(0)
        return value - p + q if self.generalized else value

    def derivatives(self, x: float, t: float) -> tuple[mpf, mpf]:
        """Derivatives of a term by the input, and by the target."""
        p, q, log_p, log_q = self.pair(x, t)
        added = int(self.generalized)
        by_input = added * q - p
        if not self.log_input:
            by_input = added - (p / q if q else mp.inf) if p else mpf(added)
        by_p = log_p - log_q + 1 - added if p else mpf(0)
        return by_input, p * by_p if self.log_target and p else by_p

    def term_bound(self, x: float, t: float) -> tuple[mpf, mpf]:
        """Scale of the rounding errors of a term, in eps, and its underflow; 0 if it is exact."""
        p, q, log_p, log_q = self.pair(x, t)
        same_space = self.log_input == self.log_target
        if (not mp.isfinite(log_q) and p) or (same_space and x == t):
            return mpf(0), mpf(0)
        if not p:
            scale = q if self.generalized and self.log_input else mpf(0)
            return scale, mpf(0)
        lost = mpf(self.working.smallest_subnormal) * 4
        if self.generalized and same_space and abs(log_p - log_q) < mp.log(2):
            return self.term(x, t) * COMPLETED / TERM, lost
        logs = abs(log_p) + abs(log_q) + 1
        return p * logs + (q if self.generalized else 0), lost

    def derivative_bounds(self, x: float, t: float, factor: mpf) -> tuple[mpf, mpf]:
        """Errors of the two derivatives of a term, times `factor`."""
        p, q, log_p, log_q = self.pair(x, t)
        by_input = p + (q if self.generalized else 0)
        if not self.log_input:
            by_input = (p / q if q else mpf(0)) + int(self.generalized)
        by_p = abs(log_p) + abs(log_q) + 1 if mp.isfinite(log_q) and p else mpf(0)
        scales = (
            (by_input if p or self.log_input else mpf(0)),
            p * by_p if self.log_target else by_p,
        )
        eps, lost = mpf(self.working.eps), mpf(self.working.smallest_subnormal)
        by_input, by_target = (
            abs(factor) * (GRADIENT * scale * eps + 4 * lost) if scale else mpf(0)
            for scale in scales
        )
        return by_input, by_target

    def traces(self, x: float, t: float) -> list[float]:
        """Magnitudes that an implementation may meet."""
        p, q, log_p, log_q = self.pair(x, t)
        return [
            float(abs(one)) for one in (p, q, p * log_p, p * log_q if p else 0, self.term(x, t))
        ]
