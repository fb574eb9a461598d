"""Entries of the Jensen-Shannon divergence of two tables, exactly, and the errors of both."""

from dataclasses import dataclass

from mpmath import mp, mpf

from generate.bounds import GRADIENT
from generate.forms import Form
from generate.logits import logarithm
from kldiv_conformance._formats import Format

Pair = tuple[mpf, mpf]


@dataclass(frozen=True)
class Mixture:
    """The spaces of the operands, the weight of the target, and the format that is computed in."""

    log_input: bool
    log_target: bool
    beta: float
    working: Format

    @property
    def form(self) -> Form:
        """The divergence without a mixture, of operands in their order or the other one."""
        logs = self.log_input, self.log_target
        return Form(
            *(logs[::-1] if self.beta == 1 else logs), generalized=True, working=self.working
        )

    def at_end(self, x: float, t: float) -> tuple[float, float] | None:
        """Operands of that divergence, in its order; None where there is a mixture."""
        return {0.0: (x, t), 1.0: (t, x)}.get(self.beta)

    def sides(self, x: float, t: float) -> list[tuple[mpf, mpf, mpf, mpf]]:
        """Weight, probability and logarithm of input and target, and the logarithm of m."""
        form = Form(*self.logs, generalized=False, working=self.working)
        p, q, log_p, log_q = form.pair(x, t)
        beta = mpf(self.beta)
        m = beta * p + (1 - beta) * q
        log_m = logarithm(m) if m else mpf(0)
        rows = (1 - beta, q, log_q if q else mpf(0)), (beta, p, log_p)
        return [(*row, log_m) for row in rows]

    def term(self, x: float, t: float) -> mpf:
        """Term of one element."""
        if (pair := self.at_end(x, t)) is not None:
            return self.form.term(*pair)
        return mp.fsum(w * p * (log - m) for w, p, log, m in self.sides(x, t) if p)

    def term_bound(self, x: float, t: float) -> Pair:
        """Scale of the rounding errors of a term, in eps, and its underflow; 0 if it is exact."""
        if (pair := self.at_end(x, t)) is not None:
            return self.form.term_bound(*pair)
        sides = self.sides(x, t)
        scale = mp.fsum(w * p * (abs(log) + abs(m) + 2) for w, p, log, m in sides)
        return scale, mpf(self.working.smallest_subnormal) * 8 if scale else mpf(0)

    def derivatives(self, x: float, t: float) -> Pair:
        """Derivatives of a term by the input, and by the target."""
        if (pair := self.at_end(x, t)) is not None:
            found = self.form.derivatives(*pair)
            return (found[1], found[0]) if self.beta == 1 else found
        by_input, by_target = (
            w * (log - m) * (p if of_log else 1) if p else mpf(0)
            for (w, p, log, m), of_log in zip(self.sides(x, t), self.logs, strict=True)
        )
        return by_input, by_target

    def derivative_bounds(self, x: float, t: float, factor: mpf) -> Pair:
        """Errors of the two derivatives of a term, times `factor`."""
        if (pair := self.at_end(x, t)) is not None:
            found = self.form.derivative_bounds(*pair, factor)
            return (found[1], found[0]) if self.beta == 1 else found
        eps, lost = mpf(self.working.eps), mpf(self.working.smallest_subnormal)
        by_input, by_target = (
            abs(factor)
            * (GRADIENT * eps * w * (abs(log) + abs(m) + 2) * (p if of_log else 1) + 4 * lost)
            if p
            else mpf(0)
            for (w, p, log, m), of_log in zip(self.sides(x, t), self.logs, strict=True)
        )
        return by_input, by_target

    @property
    def logs(self) -> tuple[bool, bool]:
        """Whether input and target hold logarithms."""
        return self.log_input, self.log_target

    def traces(self, x: float, t: float) -> list[float]:
        """Magnitudes that an implementation may meet."""
        sides = self.sides(x, t)
        seen = [one for w, p, log, m in sides for one in (p, w * p, p * log, p * m)]
        return [float(abs(one)) for one in (*seen, self.term(x, t))]
