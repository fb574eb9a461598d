"""A block of code whose losses have the same bits in every array library."""

from contextlib import AbstractContextManager

from kldiv_xp._scopes import Scope
from kldiv_xp.checks.options import check_switch

_reproducible = Scope[bool]("kldiv_xp_reproducible")


def reproducible() -> AbstractContextManager[None]:
    """Compute the same bits in every array library, within the ``with`` block.

    It is as if `kl_div`, `kl_div_with_logits`, `js_div_with_logits`, their classes and their
    gradients were called with ``reproducible=True``.  Losses that do not take this argument are
    computed as ever.  A function that was compiled before the block is not changed by it.

    Raises
    ------
    TypeError
        By a loss within the block, if an operand is a subclass of torch's tensors, or
        `temperature` or `beta` an array.
    ValueError
        By a loss within the block, if an operand or the result has more than 32 bits, if the loss
        is `generalized`, or a Jensen-Shannon divergence from a target that is no logits or with a
        positive `beta` below 1.2e-38, or if the library is left without float64, as JAX is by
        default.

    See Also
    --------
    kl_div, kl_div_with_logits, js_div_with_logits : The losses.

    Notes
    -----
    Values and both derivatives have the same bits in every library, compiled or not, on every
    processor, for any order of the elements, any number of threads, and any chunks.  They are
    computed in float64.  Of a term the error is at most 0.51 units in the last place, unless the
    logarithms cancel, and of a sum 1, unless its terms do; a divergence of logits is right to 1e-6
    of itself from 1e-12 nats up.  What is subnormal in float32 counts as 0, in operands and in
    results.  A derivative has no derivative.

    Which code is within the block, generators and tasks included, `thread_limit` says.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_xp import kl_div, reproducible
    >>> log_q = np.log(np.asarray([[0.25, 0.75]], dtype="float32"))
    >>> p = np.asarray([[0.5, 0.5]], dtype="float32")
    >>> with reproducible():
    ...     float(kl_div(log_q, p, reduction="batchmean")).hex()
    '0x1.2696220000000p-3'
    """
    return _reproducible.during(True)  # noqa: FBT003


def is_reproducible(asked: bool) -> bool:
    """Whether a loss is asked for the same bits, here or all around."""
    if asked is not False:
        check_switch("reproducible", asked)
    return asked or (bool(_reproducible.blocks()) and _reproducible.value() is not None)


# torch.compile does not trace context variables: this is called while it traces, and its result is
# kept.
vars(is_reproducible)["_dynamo_marked_constant"] = True
