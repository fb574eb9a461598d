"""Peers that are timed on JAX arrays, all of them jitted: Optax and ours."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.gpu.cases import Case

Loss = Callable[[Any, Any], Any]


class Jitted:
    """A loss of these operands, compiled ahead, that knows what memory it will take."""

    def __init__(self, case: Case, loss: Loss) -> None:
        self.operands = operands(case)
        function = jax.value_and_grad(loss) if case.backward else loss
        self.compiled = jax.jit(function).lower(*self.operands).compile()

    def __call__(self) -> object:
        """Value, and derivative where the case asks."""
        return self.compiled(*self.operands)

    def plan(self) -> Any:
        """The compiler's account of memory."""
        return self.compiled.memory_analysis()


def operands(case: Case) -> tuple[Any, Any]:
    """Log-probabilities and probabilities, or their logarithms."""
    logits = [jax.random.normal(key, case.shape) for key in jax.random.split(jax.random.key(0))]
    if case.of_logits:
        return jnp.asarray(logits[0], dtype=case.dtype), jnp.asarray(logits[1], dtype=case.dtype)
    of_target = jax.nn.log_softmax if case.log_target else jax.nn.softmax
    pair = jax.nn.log_softmax(logits[0]), of_target(logits[1])
    return jnp.asarray(pair[0], dtype=case.dtype), jnp.asarray(pair[1], dtype=case.dtype)


def ours(case: Case) -> Jitted:
    """Ours."""
    import kldiv_xp

    loss = getattr(kldiv_xp, case.loss)
    return Jitted(case, lambda x, p: loss(x, p, **case.options))


def kl_of_logits(x: Any, t: Any) -> Any:
    """Optax's divergence of two softmaxes."""
    import optax

    log_q, log_p = jax.nn.log_softmax(x), jax.nn.log_softmax(t)
    return optax.losses.kl_divergence_with_log_targets(log_q, log_p).mean()


def js_of_logits(x: Any, t: Any) -> Any:
    """The same of both to their mixture."""
    import optax

    log_q, log_p = jax.nn.log_softmax(x), jax.nn.log_softmax(t)
    log_m = jnp.logaddexp(log_q, log_p) - jnp.log(2.0).astype(log_q.dtype)
    of_rows = optax.losses.kl_divergence_with_log_targets
    return (of_rows(log_m, log_p) + of_rows(log_m, log_q)).mean() / 2


SOFTENED = {"kl_div_with_logits": kl_of_logits, "js_div_with_logits": js_of_logits}


def optax_loss(case: Case) -> Jitted:
    """Optax's loss of each row, averaged."""
    import optax

    if case.of_logits:
        return Jitted(case, SOFTENED[case.loss])
    names = {False: "kl_divergence", True: "kl_divergence_with_log_targets"}
    of_rows = getattr(optax.losses, names[case.log_target])
    return Jitted(case, lambda x, p: of_rows(x, p).mean())
