"""Warnings that point at the line of the user who called, also out of a trace."""

import sys
import warnings

# Frames that are never the user's: ours, and those that trace the user's function.
MACHINERY = {"kldiv_xp", "torch", "jax", "contextlib"}


class KLDivWarning(UserWarning):
    """The value asked for is well defined, but it is not the Kullback-Leibler divergence."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the innermost line outside of this package; once per trace where there is one."""
    warnings.warn(message, category, stacklevel=1 + frames_of_machinery())


# torch.compile(fullgraph=True) refuses to trace warnings.warn ("Attempted to call function marked
# as skipped"). What torch.compiler.assume_constant_result sets is set here without importing
# torch: the function is called while tracing, and its result, None, is kept.
vars(warn)["_dynamo_marked_constant"] = True


def frames_of_machinery() -> int:
    """Number of frames from the caller of this function outwards to the first of the user."""
    frame = sys._getframe(1)
    level = 0
    while frame.f_back is not None and package_of(frame.f_globals) in MACHINERY:
        frame = frame.f_back
        level += 1
    return level


def package_of(namespace: dict[str, object]) -> str:
    """Top-level package whose code runs in these globals."""
    return str(namespace.get("__name__", "")).partition(".")[0]
