"""JAX's debuggers report no NaN where the result holds none: values and gradients of every loss."""

from functools import partial

import numpy as np
import pytest

from kldiv_xp import KLDivLoss, js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy

from jax.experimental import checkify  # noqa: E402 - after the skip

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

INF, NAN = np.inf, np.nan
# Targets of 0 (once as -0) meet every input; 1e-310 and 1e-42 are below the normal numbers.
LOG_Q = [[-1.0, -INF, INF, -2.0], [-0.5, -INF, -3.0, -1.0], [-1.0, -2.0, -0.1, -INF]]
P = [[0.4, 0.0, 0.0, 0.6], [0.5, 0.0, -0.0, 0.5], [1.0, 1e-310, 1e-42, 0.0]]
# The student has every word that the teacher has, and each a vocabulary of its own.
STUDENT = [[1.0, 2.0, -INF, 3.0], [0.0, 1e4, -INF, -1e4], [5.0, 5.0, 5.0, 5.0]]
TEACHER = [[1.0, -INF, -INF, 3.0], [-INF, 1.0, -INF, -2.0], [5.0, 5.0, 5.0, 5.0]]
TERMS = [[True, False, True, True], [False] * 4, [True] * 4]
ROWS = [[True], [False], [True]]
REDUCTIONS = [("none", None), ("mean", -1), ("none", -1), ("sum", None), ("mean", None)]


def logarithm(values):
    with np.errstate(divide="ignore"):
        return np.log(values)


def losses():
    """Name to the loss, input and target."""
    spaces = {"p": (False, P), "log p": (True, logarithm(P))}
    for space, (log_target, target) in spaces.items():
        for reduction, axis in REDUCTIONS:
            options = {"reduction": reduction, "log_target": log_target, "axis": axis}
            name = f"{space}, {reduction}, axis={axis}"
            yield f"kl_div: {name}", partial(kl_div, **options), LOG_Q, target
        for reduction, axis in REDUCTIONS[:2]:
            options = {"reduction": reduction, "log_target": log_target, "axis": axis}
            name = f"{space}, {reduction}, axis={axis}"
            yield f"gradient: {name}", partial(kl_div_gradient, **options), LOG_Q, target
        yield f"class: {space}", KLDivLoss(reduction="sum", log_target=log_target), LOG_Q, target
    teacher = np.exp(TEACHER) / np.exp(TEACHER).sum(-1, keepdims=True)
    kinds = {
        "logits": TEACHER,
        "probabilities": teacher,
        "log_probabilities": logarithm(teacher),
    }
    for kind, target in kinds.items():
        loss = partial(kl_div_with_logits, target_is=kind, temperature=2.0)
        yield f"logits: {kind}", loss, STUDENT, target
    yield "logits: rows", partial(kl_div_with_logits, reduction="none"), STUDENT, TEACHER
    yield "logits: mean", partial(kl_div_with_logits, reduction="mean"), STUDENT, TEACHER
    for beta in (0.0, 0.3, 0.5):
        yield f"js: {beta}", partial(js_div_with_logits, beta=beta), STUDENT, TEACHER
    yield "js: 1", partial(js_div_with_logits, beta=1.0), TEACHER, STUDENT


CASES = {name: rest for name, *rest in losses()}
EVERY_CASE = pytest.mark.parametrize("name", CASES)
EVERY_WAY = pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
EVERY_DEBUGGER = pytest.mark.parametrize("debugger", ["checkify", "debug_nans"])


def problem(name, dtype, *, masked):
    """Loss and operands; what a mask does not select is NaN."""
    loss, *operands = CASES[name]
    arrays = [jnp.asarray(operand, dtype) for operand in operands]
    if masked:
        by_rows = name.startswith(("logits", "js"))
        mask = jnp.asarray(ROWS if by_rows else TERMS)
        loss = partial(loss, where=mask)
        arrays = [jnp.where(mask, array, NAN) for array in arrays]
    return loss, arrays


def value_and_derivatives(name, loss):
    """The loss, its gradients and its directional derivative where it is no gradient itself."""
    if name.startswith("gradient"):
        return loss

    def function(*arrays):
        derivatives = jax.grad(lambda *given: jnp.sum(loss(*given)), (0, 1))(*arrays)
        return loss(*arrays), derivatives, jax.jvp(loss, arrays, tuple(map(jnp.ones_like, arrays)))

    return function


def run(debugger, function, arrays):
    """Result of the function, or an error where the debugger finds a NaN."""
    if debugger == "debug_nans":
        with jax.debug_nans():
            return function(*arrays)
    error, result = checkify.checkify(function, errors=checkify.float_checks)(*arrays)
    error.throw()
    return result


@pytest.mark.long
@pytest.mark.cases(6)
@EVERY_DEBUGGER
@EVERY_WAY
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@EVERY_CASE
def test_debugger_finds_no_nan(name, masked, compiled, debugger):
    loss, arrays = problem(name, "float32", masked=masked)
    function = value_and_derivatives(name, loss)
    result = run(debugger, jax.jit(function) if compiled else function, arrays)
    assert not any(jnp.isnan(leaf).any() for leaf in jax.tree.leaves(result))


@pytest.mark.long
@pytest.mark.cases(5)
@EVERY_DEBUGGER
@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["kl_div: p, mean, axis=-1", "kl_div: log p, none, axis=None"])
def test_debugger_finds_no_nan_in_another_type(name, dtype, debugger):
    loss, arrays = problem(name, dtype, masked=True)
    run(debugger, value_and_derivatives(name, loss), arrays)


@pytest.mark.few(4, 12)
@EVERY_DEBUGGER
@EVERY_WAY
@pytest.mark.parametrize(
    ("log_q", "p"), [(NAN, 0.5), (NAN, 0.0), (-1.0, NAN), (-1.0, -0.5)], ids=str
)
def test_debugger_finds_the_nan_of_an_operand_and_of_a_negative_target(
    log_q, p, compiled, debugger
):
    function = partial(kl_div, reduction="sum")
    arrays = jnp.asarray([log_q, -1.0]), jnp.asarray([p, 1.0])
    with pytest.raises((FloatingPointError, checkify.JaxRuntimeError), match="nan"):
        run(debugger, jax.jit(function) if compiled else function, arrays)
