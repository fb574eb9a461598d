"""Divergences of one row of logits and their derivatives, by arithmetic of many digits."""

import math

import pytest

mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")


def digits(temperature):
    """Digits that are enough: a divergence is of the size of the square of 1 / T, and of beta."""
    return 150 + 2 * abs(round(math.log10(temperature)))


def distribution(logits, temperature):
    """Probabilities and their logarithms; None is the logarithm of 0."""
    logits = [mpmath.mpf(float(one)) for one in logits]
    top = max(logits)
    shifted = [None if mpmath.isinf(x) else (x - top) / temperature for x in logits]
    total = mpmath.log(mpmath.fsum(mpmath.exp(x) for x in shifted if x is not None))
    logs = [None if x is None else x - total for x in shifted]
    return [mpmath.mpf(0) if x is None else mpmath.exp(x) for x in logs], logs


def deviations(p, logs):
    """P (l - sum p l), and the sum."""
    mean = mpmath.fsum(a * b for a, b in zip(p, logs, strict=True) if a)
    return [a * (b - mean) if a else 0 for a, b in zip(p, logs, strict=True)], mean


def exact_kl(student, teacher, temperature=1.0, *, scaled=False):
    """KL of one row, and its derivatives with respect to student and teacher."""
    with mpmath.workdps(digits(temperature)):
        t = mpmath.mpf(temperature)
        scale = t * t if scaled else mpmath.mpf(1)
        (p, log_p), (q, log_q) = distribution(teacher, t), distribution(student, t)
        derivatives, value = deviations(
            p, [0 if a is None else a - b for a, b in zip(log_p, log_q, strict=True)]
        )
        by_student = [(b - a) * scale / t for a, b in zip(p, q, strict=True)]
        return value * scale, by_student, [one * scale / t for one in derivatives]


def exact_kl_by_student(student, teacher, temperature=1.0):
    """Derivative of KL with respect to the student, also where KL is infinite."""
    with mpmath.workdps(digits(temperature)):
        t = mpmath.mpf(temperature)
        p, q = (distribution(one, t)[0] for one in (teacher, student))
        return [(b - a) / t for a, b in zip(p, q, strict=True)]


def exact_js(student, teacher, beta, temperature=1.0):
    """The same of the generalised Jensen-Shannon divergence."""
    with mpmath.workdps(digits(temperature)):
        t, beta = mpmath.mpf(temperature), mpmath.mpf(beta)
        gamma = 1 - beta
        (p, log_p), (q, log_q) = distribution(teacher, t), distribution(student, t)
        log_m = [
            mpmath.log(beta * a + gamma * b) if a or b else 0 for a, b in zip(p, q, strict=True)
        ]
        sides = []
        for weights, logs in ((p, log_p), (q, log_q)):
            ratios = [0 if a is None else a - b for a, b in zip(logs, log_m, strict=True)]
            sides.append(deviations(weights, ratios))
        (by_p, first), (by_q, last) = sides
        value = beta * first + gamma * last
        return value, [gamma * one / t for one in by_q], [beta * one / t for one in by_p]


def l2_error(found, expected):
    """Error of a gradient, relative to its length."""
    gap = mpmath.norm([mpmath.mpf(float(a)) - b for a, b in zip(found, expected, strict=True)])
    return float(gap / mpmath.norm(expected))
