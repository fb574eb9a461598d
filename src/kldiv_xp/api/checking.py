"""checking: a block of code whose losses raise what a diagnosis finds in their operands."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from kldiv_xp._scopes import Scope
from kldiv_xp.diagnosis.codes import CODES
from kldiv_xp.diagnosis.report import Report

# The codes that may pass in the innermost block, None outside of all blocks.
_allowed = Scope[frozenset[str]]("kldiv_xp_checking")


class KLDivInputError(ValueError):
    """The operands of a loss hold a mistake that a diagnosis finds.

    Attributes
    ----------
    report : Report
        All that was found; the text of the error is that of its findings.
    """

    def __init__(self, report: Report) -> None:
        super().__init__("\n".join(map(str, report.findings)))
        self.report = report

    def __reduce__(self) -> tuple[type, tuple[Report]]:
        return type(self), (self.report,)


def checking(*, allow: Iterable[str] = ()) -> AbstractContextManager[None]:
    """Diagnose the operands of the losses within the ``with`` block, and raise what is found.

    It is for a while, when something is wrong or new: it reads all values, and waits for devices.
    All losses are checked, their gradients, classes and modules included: `kl_div` and `js_div`
    with their `axis`, or the last one where they have none, `js_div_gradient` and `JSDivLoss` as
    `kl_div_gradient` and `KLDivLoss`, `kl_div_with_logits` and
    `js_div_with_logits` as logits.  So are `sparse_kl_div_with_logits`, whose probabilities add up
    to 1 at most, and the logits that `linear_kl_div` makes of its operands, whose places are told.
    Operands of a function that was compiled before the block are not looked into.

    Parameters
    ----------
    allow : iterable of str
        Codes of findings that may pass; `CODES` lists them.  Of nested blocks the innermost
        decides.

    Raises
    ------
    KLDivInputError
        By a loss within the block, if `diagnose` finds anything in its operands.
    TypeError
        By a loss within the block, if its operands are traced and hold no values; by `checking`
        itself, if `allow` is no iterable of strings.
    ValueError
        By `checking` itself, if `allow` holds what is no code.

    See Also
    --------
    diagnose : The same, returned.
    kl_div : Has a switch, ``check=True``, for one call.

    Notes
    -----
    Which code is within the block, generators and tasks included, `thread_limit` says.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import checking, kl_div
    >>> p = np.asarray([[0.5, 0.5]])
    >>> with checking():
    ...     round(float(kl_div(np.log([[0.25, 0.75]]), p, reduction="batchmean")), 7)
    0.143841
    >>> with checking():
    ...     kl_div(p, p, reduction="batchmean")
    Traceback (most recent call last):
        ...
    kldiv_xp.KLDivInputError: `input` holds probabilities (0.5 at (0, 0)) where their logarithms belong: pass numpy.log(input) or log_softmax of the logits, or log_input=False for probabilities.
    >>> with checking(allow=["probabilities-as-input"]):
    ...     round(float(kl_div(p, p, reduction="batchmean")), 7)
    -1.1931472
    """  # noqa: E501 - a finding is one line
    return _allowed.during(check_allowed(allow))


def check_allowed(allow: object) -> frozenset[str]:
    """The codes that may pass; refuse what is no code."""
    if isinstance(allow, str) or not isinstance(allow, Iterable):
        remedy = f"pass [{allow!r}]" if isinstance(allow, str) else "leave it out to allow none"
        message = f"`allow` must be a list of codes; got {allow!r}: {remedy}."
        raise TypeError(message)
    codes = list(allow)
    for code in codes:
        if not (isinstance(code, str) and code in CODES):
            message = f"`allow` must hold codes of findings, {', '.join(CODES)}; got {code!r}."
            raise ValueError(message)
    return frozenset(codes)


def is_checking() -> bool:
    """Whether this runs within a block that checks."""
    return bool(_allowed.blocks()) and _allowed.value() is not None


# torch.compile does not trace context variables: this is called while it traces, and its result is
# kept.
vars(is_checking)["_dynamo_marked_constant"] = True


def allowed_codes() -> frozenset[str]:
    """Codes of findings that may pass here."""
    return _allowed.value() or frozenset()
