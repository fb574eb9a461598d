"""Which divergence of logits the options ask for."""

from kldiv_xp._typing import Array, TargetKind
from kldiv_xp.checks.options import check_target_kind
from kldiv_xp.checks.scalars import beta_of, temperature_of
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import JS, KL


def kl_of(input: Array, temperature: object, target_is: TargetKind) -> KL:
    """Divergence that the options ask for."""
    check_target_kind(target_is)
    return KL(temperature_of(temperature, input), target_is)


def js_of(input: Array, temperature: object, beta: object) -> JS | JSOfArray:
    """Divergence that the options ask for."""
    weight = beta_of(beta, input)
    kind = JS.of if isinstance(weight, float) else JSOfArray
    return kind(temperature_of(temperature, input), weight)
