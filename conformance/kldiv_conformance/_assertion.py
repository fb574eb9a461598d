"""The test of a third party: one call for one vector."""

from collections.abc import Callable, Mapping
from typing import Any
from unittest import SkipTest

from kldiv_conformance._adapter import Adapter, Array
from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._conventions import EXACT
from kldiv_conformance._deviations import Deviation, settle
from kldiv_conformance._explanations import explanations
from kldiv_conformance._implementations import Implementation, why_no_function
from kldiv_conformance._judge import judge
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._own_adapters import all_adapters
from kldiv_conformance._raises import lost
from kldiv_conformance._suspects import suspects
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import notes

FEW = 2


def assert_conforms(
    loss: Callable[..., Array],
    vector: Vector,
    *,
    backend: str | Adapter = "numpy",
    gradient: Callable[..., tuple[Array, Array]] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    deviations: Mapping[str, Deviation] | None = None,
) -> None:
    """Fail unless a loss does what a vector asks for.

    Parameters
    ----------
    loss : callable
        ``loss(input, target, *, reduction, log_target)``; some groups of vectors pass more to it:
        `axis`, `where`, `log_input`, `generalized`, `dtype`, `reproducible`, `size_average` and
        `reduce`.  A default that it has no name for is left out, and anything else is skipped.
    vector : Vector
        One of `vectors()`.
    backend : str or Adapter
        How to make and read the arrays of the loss: a name that ``kldiv-conformance backends``
        lists, or an adapter for another array library.
    gradient : callable, optional
        ``gradient(input, target, *, reduction, log_target, upstream)`` in closed form, for a
        library that does not differentiate; what the loss is given is passed to it too.
    functions : mapping of str to callable, optional
        Functions that vectors call instead of the loss, by their names: ``kl_div_with_logits``,
        ``js_div_with_logits``, ``js_div``, ``sparse_kl_div_with_logits``, ``linear_kl_div``; and
        their gradients in closed form, by the name with ``_gradient`` after it.
    deviations : mapping of str to Deviation, optional
        Known failures by the id of their vector, from `load_deviations`.

    Raises
    ------
    AssertionError
        If the loss fails, or passes though its failure is known.  The message names the vector,
        the value, and for each flag the bug that it stands for.
    unittest.SkipTest
        If the backend cannot express the vector, or does not run on this machine; pytest reports
        it as a skip, with the reason.
    TypeError
        If `loss` is no function, or `vector` no vector.
    ValueError
        If `backend` is not the name of one.

    Examples
    --------
    >>> import numpy as np
    >>> from kldiv_conformance import assert_conforms, find
    >>> def unguarded(input, target, *, reduction, log_target):
    ...     return target * (np.log(target) - input)
    >>> assert_conforms(unguarded, find("ordinary_001"))
    >>> with np.errstate(all="ignore"):
    ...     assert_conforms(unguarded, find("zeros_001"))
    Traceback (most recent call last):
        ...
    AssertionError: zeros_001: value is wrong in 1 of 1 places: value[0] must be 0.0 ...
    ...
    """
    __tracebackhide__ = True  # a failure is about the loss, not about this function
    check_arguments(loss, vector)
    adapter = backend if isinstance(backend, Adapter) else named(backend)
    reason = adapter.reason_to_skip()
    if reason is not None:
        raise SkipTest(reason)
    name = getattr(loss, "__name__", repr(loss))
    implementation = Implementation(name, loss, gradient, functions or {})
    outcome = settle(judge(vector, adapter, implementation), deviations or {})
    if outcome.verdict in {"not supported", "deviation"}:
        raise SkipTest(outcome.detail)
    if outcome.verdict == "failure":
        raise AssertionError(accusation(outcome, vector))


def check_arguments(loss: object, vector: object) -> None:
    """Refuse a loss that is no function, and an id in place of its vector."""
    problem = why_no_function(loss)
    if problem:
        message = f"`loss` must be a function of two arrays; got {loss!r}: {problem}."
        raise TypeError(message)
    if not isinstance(vector, Vector):
        remedy = f"pass find({vector!r})" if isinstance(vector, str) else "pass one of vectors()"
        message = f"`vector` must be a Vector; got {vector!r}: {remedy}."
        raise TypeError(message)


def named(backend: object) -> Adapter:
    """Adapter of a name; those of installed packages are looked for where the suite has none."""
    if isinstance(backend, str):
        found = ADAPTERS.get(backend) or all_adapters().get(backend)
        if found is not None:
            return found
    names = ", ".join(map(repr, all_adapters()))
    message = f"`backend` must be an Adapter or one of {names}; got {backend!r}."
    raise ValueError(message)


def accusation(outcome: Outcome, vector: Vector) -> str:
    """Text on a failure: what is wrong, in which call, and which bugs that often is."""
    lines = [f"{vector.id}: {outcome.detail}", f"  {vector.comment}"]
    lines += [
        f"  {sentence[0].upper()}{sentence[1:]}" for sentence in explanations([outcome.to_json()])
    ]
    likely = likeliest(outcome, vector)
    lines += [f"  {flag}: {notes()[flag].bug}" for flag in likely[:FEW]]
    if likely[FEW:]:
        lines[-1] += f" Or {', '.join(likely[FEW:])}."
    return "\n".join([*lines, f"  See `kldiv-conformance explain {vector.id}`."])


def likeliest(outcome: Outcome, vector: Vector) -> list[str]:
    """Flags of a vector, those first that would explain what is wrong."""
    ranked = [suspect.flag for suspect in suspects([outcome.to_json()])]
    explaining = [flag for flag in ranked if flag in vector.flags]
    others = [] if EXACT in outcome.detail or lost(outcome.to_json()) else vector.flags
    return list(dict.fromkeys([*explaining, *others]))
