"""The mathematics of a teacher known by its top entries: divergences of rows, derivatives below.

Everything is along the last axis.
"""

from dataclasses import dataclass
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace, Tail, TargetKind
from kldiv_xp.formula.any_size import over
from kldiv_xp.formula.log_probabilities import factors
from kldiv_xp.formula.near_equal import completed_ratio, row_sum
from kldiv_xp.formula.softmax import centred, log_softmax
from kldiv_xp.formula.sparse_student import Entries, Student, student

# Of 1 - sum(p) so many roundings are no probability: the sum of a softmax is 1 +- 2 eps.
ROUNDINGS = 4.0


class Teacher(NamedTuple):
    """Probabilities at the indices, their logarithms, and the probability of all the rest."""

    p: Array
    log_p: Array
    rest: Array


@dataclass(frozen=True)
class SparseKL:
    """KL(p || q), where q is the softmax of input / temperature, and p is known at some indices."""

    temperature: float | Array
    target_is: TargetKind
    tail: Tail

    @property
    def of_logits(self) -> tuple[bool, bool]:
        """Whether input and target are logits, which the temperature divides."""
        return True, self.target_is == "logits"

    @property
    def something(self) -> float:
        """A target that, in a whole row, makes no NaN."""
        return 1.0 if self.target_is == "probabilities" else 0.0

    def teacher(self, xp: Namespace, target: Array) -> Teacher:
        """Probabilities: over their sum where the teacher is renormalised, else as they are."""
        if self.target_is == "probabilities":
            p = target
            if self.tail == "renormalize":
                p = xp.divide(target, row_sum(xp, target))
            log_p = xp.log(xp.where(xp.equal(p, 0), 1.0, p))
        else:
            log_p = target
            if self.tail == "renormalize":
                of_logits = self.target_is == "logits"
                log_p = log_softmax(xp, target, self.temperature if of_logits else 1.0)
            p = xp.exp(log_p)
        if self.tail != "bucket":
            return Teacher(p, log_p, xp.zeros_like(row_sum(xp, p)))
        rest = xp.add(xp.negative(row_sum(xp, p)), 1.0)
        least = ROUNDINGS * float(xp.finfo(p.dtype).eps)
        return Teacher(p, log_p, xp.where(xp.less(rest, least), 0.0, rest))

    def rows(
        self, xp: Namespace, input: Array, indices: Array, target: Array, entries: Entries
    ) -> Array:
        """Divergence of every row."""
        _, log_q, log_rest = student(xp, input, indices, self.temperature, entries)
        p, log_p, rest = self.teacher(xp, target)
        if self.tail == "zero":
            target = p if self.target_is == "probabilities" else log_p
            log_target = self.target_is != "probabilities"
            ratio = factors(xp, log_q, target, log_target=log_target)
            return xp.sum(xp.multiply(*ratio), axis=-1)
        named = xp.sum(gaps(xp, log_q, p, log_p), axis=-1)
        log_p_rest = xp.log(xp.where(xp.equal(rest, 0), 1.0, rest))
        return xp.add(named, gaps(xp, log_rest, rest, log_p_rest)[..., 0])

    def gradient(
        self,
        xp: Namespace,
        input: Array,
        indices: Array,
        target: Array,
        upstream: Array,
        entries: Entries,
        *,
        by_target: bool,
    ) -> Array:
        """Derivative with respect to target or input, times a cotangent."""
        seen = student(xp, input, indices, self.temperature, entries)
        known = self.teacher(xp, target)
        if by_target:
            return xp.multiply(self.target_derivative(xp, target, seen, known), upstream)
        scale = over(xp, upstream, self.temperature)
        at_indices, elsewhere = input_derivatives(xp, seen, known, scale)
        return seen.rest.spread(elsewhere, indices, at_indices)

    def target_derivative(
        self, xp: Namespace, target: Array, seen: Student, known: Teacher
    ) -> Array:
        """With respect to p: log p - log q + 1 less that of the rest; centred if renormalised."""
        p, log_p, rest = known
        zero = xp.equal(p, 0)
        ratio = xp.where(zero, 0.0, xp.subtract(xp.where(zero, 0.0, log_p), seen.log_q))
        if self.tail == "renormalize":
            derivative = self.renormalized_derivative(xp, target, p, ratio)
        else:
            least = xp.equal(rest, 0)
            log_p_rest = xp.log(xp.where(least, 1.0, rest))
            log_q_rest = xp.where(least, 0.0, seen.log_rest)
            of_rest = xp.where(least, -1.0, xp.subtract(log_p_rest, log_q_rest))
            derivative = xp.subtract(ratio, of_rest)
            derivative = (
                derivative if self.target_is == "probabilities" else xp.multiply(p, derivative)
            )
        return xp.where(zero, 0.0, derivative)

    def renormalized_derivative(
        self, xp: Namespace, target: Array, p: Array, ratio: Array
    ) -> Array:
        """Derivative with respect to logits, log-probabilities, or probabilities over their sum."""
        if self.target_is == "probabilities":
            mean = row_sum(xp, xp.multiply(p, ratio))
            return xp.divide(xp.subtract(ratio, mean), row_sum(xp, target))
        return centred(xp, p, ratio, self.temperature if self.target_is == "logits" else 1.0)


def gaps(xp: Namespace, log_q: Array, p: Array, log_p: Array) -> Array:
    """p (log p - log q) - p + q, entry by entry: never negative, and 0 where q is p.

    With d = log p - log q it is p h(d), as the generalised divergence. Where p is 0 it is q.
    """
    zero = xp.equal(p, 0)
    q = xp.exp(log_q)
    d = xp.subtract(xp.where(zero, 0.0, log_p), xp.where(zero, 0.0, log_q))
    near = xp.less(xp.abs(d), 1.0)
    small = xp.where(near, d, 0.0)
    square = xp.multiply(small, small)
    close = xp.multiply(xp.multiply(p, square), completed_ratio(xp, small))
    far = xp.add(xp.subtract(q, p), xp.multiply(p, xp.where(near, 0.0, d)))
    return xp.where(zero, q, xp.where(near, close, far))


def input_derivatives(
    xp: Namespace, seen: Student, known: Teacher, scale: Array
) -> tuple[Array, Array]:
    """(q mass - p) times a scale at the indices, and over the exponential everywhere else.

    The rest of p is spread as that of q.
    """
    p, _, rest = known
    mass = xp.add(row_sum(xp, p), rest)
    at_indices = xp.multiply(xp.subtract(xp.multiply(xp.exp(seen.log_q), mass), p), scale)
    outside = xp.subtract(xp.multiply(xp.exp(seen.log_rest), mass), rest)
    outside = xp.multiply(outside, scale)
    total = xp.where(xp.equal(seen.rest.total, 0), 1.0, seen.rest.total)
    return at_indices, xp.divide(outside, total)
