"""Raising what a diagnosis finds: by `check=True` of one call, or within a block of code."""

from collections.abc import Iterator
from contextlib import contextmanager

from kldiv_xp._array_api import is_being_compiled
from kldiv_xp._diagnosis import diagnose
from kldiv_xp._findings import Report
from kldiv_xp._options import check_switch
from kldiv_xp._scopes import Scope
from kldiv_xp._typing import Array, Axis

_is_on = Scope[bool]("kldiv_xp_checking")


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


@contextmanager
def checking() -> Iterator[None]:
    """Diagnose the operands of every loss within the ``with`` block, and raise what is found.

    It is for a while, when something is wrong or new: it reads all values, and waits for devices.
    `kl_div`, `KLDivLoss` and `kl_div_gradient` are checked, with their `axis`, or the last one
    where they have none.

    Raises
    ------
    KLDivInputError
        By a loss within the block, if `diagnose` finds anything in its operands.
    TypeError
        By a loss within the block, if its operands are traced and hold no values.

    See Also
    --------
    diagnose : The same, returned.

    Notes
    -----
    Which code is within the block, generators and tasks included, `thread_limit` says.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import checking, kl_div
    >>> p = np.asarray([[0.5, 0.5]])
    >>> with checking():
    ...     kl_div(np.log([[0.25, 0.75]]), p, reduction="batchmean").round(7)
    array(0.143841)
    >>> with checking():
    ...     kl_div(p, p, reduction="batchmean")
    Traceback (most recent call last):
        ...
    kldiv_xp.KLDivInputError: `input` holds probabilities (0.5 at (0, 0)) where their logarithms belong: pass log_softmax of the logits, or log(input).
    """  # noqa: E501 - a finding is one line
    with _is_on.during(True):  # noqa: FBT003
        yield


def is_checking() -> bool:
    """Whether this runs within a block that checks."""
    return _is_on.value() is not None


# torch.compile does not trace context variables: this is called while it traces, and its result is
# kept.
vars(is_checking)["_dynamo_marked_constant"] = True


def check_values(
    check: bool,
    input: Array,
    target: Array,
    log_target: bool,
    axis: Axis = None,
    where: Array | None = None,
) -> None:
    """Raise what a diagnosis finds, if it is asked for here or all around."""
    check_switch("check", check)
    if not (check or is_checking()):
        return
    if is_being_compiled(input):
        message = (
            "A check reads values, and what torch.compile traces has none: call the compiled "
            "function without it, and diagnose(...) outside."
        )
        raise TypeError(message)
    report = diagnose(
        input, target, log_target=log_target, axis=-1 if axis is None else axis, where=where
    )
    # What types and shapes alone say, the loss itself raises.
    if any(finding.where is not None for finding in report.findings):
        raise KLDivInputError(report)
