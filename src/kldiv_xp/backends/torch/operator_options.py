"""Options of a divergence as arguments of a torch operator, open numbers as a tensor.

Torch.compile makes a new program for each value of a float that an operator is given, though it
knows its value to be open: so such numbers are told as a tensor of the host.
"""

from typing import Any, cast

import torch

from kldiv_xp._typing import Array, Tail, TargetKind
from kldiv_xp.core.evaluate_linear import LinearDivergence
from kldiv_xp.core.programs import is_open_number
from kldiv_xp.formula.logits import JS, KL, Divergence, JSOfGiven
from kldiv_xp.formula.sparse import SparseKL

# A weight of 0 is the end of a mixture, which adds what masses lack of a given target.
NO_MIXTURE = -1.0
Options = tuple[Array | None, float, str, bool, float, str]


def options_of(divergence: LinearDivergence) -> Options:
    """Open numbers, if there are any; temperature, target_is, scaled, beta, tail."""
    target_is = getattr(divergence, "target_is", "logits")
    scaled, beta = getattr(divergence, "scaled", False), getattr(divergence, "beta", NO_MIXTURE)
    tail = getattr(divergence, "tail", "")
    temperature, beta = float(divergence.temperature), float(beta)
    if not (is_open_number(temperature) or is_open_number(beta)):
        return None, temperature, target_is, bool(scaled), beta, tail
    one = torch.ones((), dtype=torch.float64, device="cpu")
    numbers = torch.stack([one * temperature, one * beta])
    return numbers, 1.0, target_is, bool(scaled), 0.0, tail


def divergence_of(
    numbers: Array | None,
    temperature: float,
    target_is: str,
    scaled: bool,
    beta: float,
    tail: str = "",
) -> LinearDivergence:
    """Divergence that these are the options of."""
    if numbers is not None:
        temperature, beta = numbers.tolist()
    kind = cast("TargetKind", target_is)
    if tail:
        return SparseKL(temperature, kind, cast("Tail", tail))
    if beta == NO_MIXTURE or (beta == 0 and kind == "logits"):
        return KL(temperature, kind, scaled)
    if kind == "logits":
        return JS(temperature, beta, 1 - beta, scaled)
    return JSOfGiven(temperature, beta, kind, scaled)


def dense_divergence_of(*options: Any) -> Divergence:
    """The same from a target that has all classes."""
    return cast("Divergence", divergence_of(*options))
