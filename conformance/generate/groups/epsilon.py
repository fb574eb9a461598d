"""Small probabilities, which something small that is added to them changes."""

from collections.abc import Iterator

from mpmath import mp

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL
from generate.logits_draft import LogitsDraft
from generate.operands import BOTH, REDUCTIONS, all_near, reduction_flags

# Of each format: how many powers of ten its targets go down in all.
DEPTH = {"float32": 9, "float64": 13}
RATIOS = (0.5, 2.0, 0.75, 1.5, 0.25, 3.0)
# Logits whose softmax is peaked, and of which every word has some probability.
STUDENT = {"float32": (0.0, -6.0, -11.5, -17.0), "float64": (0.0, -9.0, -18.5, -26.0)}
TEACHER = {"float32": (0.0, -5.0, -12.5, -18.0), "float64": (0.0, -10.0, -17.5, -27.0)}


def drafts() -> Iterator[Draft]:
    """Vectors of the loss: values under each reduction, and derivatives."""
    for dtype in BOTH:
        for reduction in REDUCTIONS:
            yield small(dtype, reduction, None)
        for reduction in ("none", "batchmean"):
            yield small(dtype, reduction, 1.0)


def small(dtype: str, reduction: str, upstream: float | None) -> Draft:
    """Targets from 1e-2 down to where an epsilon of 1e-10 is a large part of them, or more."""
    exact = [mp.mpf(10) ** (-2 - mp.mpf(DEPTH[dtype] - 2) * place / 5) for place in range(6)]
    wanted = "value" if upstream is None else "gradient"
    derivatives = () if upstream is None else ("InputGradient", "TargetGradient")
    return Draft(
        comment=f"The {wanted} of small {dtype} targets ({reduction!r}): log(t + 1e-10) would "
        "show.",
        flags=("ClampedOperands", "Epsilon", *derivatives)
        + (reduction_flags(reduction) if upstream is None else ()),
        input=all_near([mp.log(p * q) for p, q in zip(exact, RATIOS, strict=True)], dtype),
        target=all_near(exact, dtype),
        shape=(2, 3),
        dtype=dtype,
        reduction=reduction,
        upstream=upstream,
    )


def logits() -> Iterator[Draft]:
    """Vectors of divergences from logits: values and derivatives."""
    for function in (KL, JS):
        for dtype in BOTH:
            for upstream in (None, 1.0):
                yield LogitsDraft(
                    comment=f"{function} of peaked {dtype} logits: an epsilon that is added to a "
                    "softmax would show.",
                    flags=("Epsilon", *(() if upstream is None else ("LogitsGradient",))),
                    function=function,
                    input=STUDENT[dtype],
                    target=TEACHER[dtype],
                    shape=(1, 4),
                    dtype=dtype,
                    reduction="none" if upstream is None else "sum",
                    upstream=upstream,
                )
