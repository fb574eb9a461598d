"""Second derivatives of divergences of one row of logits, by arithmetic of many digits."""

from formula.exact import digits, distribution, mpmath


def exact_second(student, teacher, beta=None, temperature=1.0, *, scaled=False):
    """Matrix of derivatives by the logits of student and teacher, one after the other.

    Those of KL (no beta) are those of beta KL(p || m) at a beta of 0, without that factor.
    """
    with mpmath.workdps(digits(temperature)):
        t = mpmath.mpf(temperature)
        scale = mpmath.mpf(1) if scaled else 1 / (t * t)
        p, q = distribution(teacher, t), distribution(student, t)
        if beta is None:
            by_teacher, mixed = blocks(p, q, mpmath.mpf(0), mpmath.mpf(1))
            by_student = softmax_derivatives(q[0])
        else:
            beta = mpmath.mpf(beta)
            by_teacher, mixed = blocks(p, q, beta, 1 - beta)
            by_student, _ = blocks(q, p, 1 - beta, beta)
            by_teacher, mixed = by_teacher * beta, mixed * beta
            by_student = by_student * (1 - beta)
        size = len(p[0])
        every = mpmath.matrix(2 * size, 2 * size)
        for i in range(size):
            for j in range(size):
                every[i, j] = by_student[i, j] * scale
                every[size + i, size + j] = by_teacher[i, j] * scale
                every[size + i, j] = every[j, size + i] = mixed[i, j] * scale
        return every


def softmax_derivatives(p):
    """Derivatives of probabilities by their logits."""
    size = len(p)
    return mpmath.matrix([[p[i] * ((i == j) - p[j]) for j in range(size)] for i in range(size)])


def blocks(of_p, of_q, beta, gamma):
    """Derivatives of p (l - sum p l), l = log(p / m) and m = beta p + gamma q, by both logits."""
    (p, log_p), (q, log_q) = of_p, of_q
    every = range(len(p))
    m = [beta * a + gamma * b for a, b in zip(p, q, strict=True)]
    log = [
        0 if not a else x - (mpmath.log(c) if beta else y)
        for a, x, y, c in zip(p, log_p, log_q, m, strict=True)
    ]
    of_p, of_q = softmax_derivatives(p), softmax_derivatives(q)
    mean = mpmath.fsum(a * b for a, b in zip(p, log, strict=True))
    own, other = (mpmath.matrix(len(p), len(p)) for _ in range(2))
    for j in every:
        by_p = [(i == j) - p[j] - beta * of_p[i, j] / m[i] if p[i] else 0 for i in every]
        by_q = [-gamma * of_q[i, j] / m[i] if p[i] else 0 for i in every]
        means = [mpmath.fsum(p[i] * one[i] for i in every) for one in (by_p, by_q)]
        moved = mpmath.fsum(of_p[i, j] * log[i] for i in every)
        for i in every:
            own[i, j] = of_p[i, j] * (log[i] - mean) + p[i] * (by_p[i] - means[0] - moved)
            other[i, j] = p[i] * (by_q[i] - means[1])
    return own, other
