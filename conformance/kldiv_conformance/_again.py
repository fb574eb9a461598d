"""Values once more: all within other modes of torch, a few of one array on both sides."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from kldiv_conformance._adapter import Adapter, Array, library
from kldiv_conformance._calls import call, made
from kldiv_conformance._implementations import Implementation
from kldiv_conformance._memory import LAYOUTS
from kldiv_conformance._operands import SAME, WrongCallError, refuse_another
from kldiv_conformance._returned import compared
from kldiv_conformance._sequences import asked_again, is_of_two_alike
from kldiv_conformance._settings import restored, settings
from kldiv_conformance._torch_derivatives import differentiate_torch
from kldiv_conformance._training import DOUBLE, SINGLE, TRANSFORMED, in_double
from kldiv_conformance._vector import Vector

ENABLED = "right where gradients are enabled, wrong under"
MODES: dict[str, Callable[[Any], AbstractContextManager[Any]]] = {
    f"{ENABLED} torch.no_grad()": lambda torch: torch.no_grad(),
    f"{ENABLED} torch.inference_mode()": lambda torch: torch.inference_mode(),
    f"{SINGLE} {DOUBLE}": in_double,
}
ASKS = "value requires a gradient that nothing asks for."
VMAP = f"right one by one, {TRANSFORMED}.vmap()"
TWO = "right where input and target are two arrays, wrong where they are the same one."
Run = Callable[[list[Array]], dict[str, Array]]


def refuse_again(
    vector: Vector,
    adapter: Adapter,
    implementation: Implementation,
    options: dict[str, Any],
) -> None:
    """Raise WrongCallError unless a value is right in other circumstances, too."""
    is_torch, is_eager = adapter.library == "torch", adapter.gradient is differentiate_torch
    # A compiler would make more programs.
    if (is_torch and not is_eager) or vector.kind != "value":
        return
    run = partial(call, vector, adapter, implementation, options=options)
    is_asked = vector.id in asked_again()
    if is_torch:
        refuse_modes(vector, adapter, run)
        if is_asked:
            refuse_vmap(vector, adapter, run)
    if is_asked and adapter.library in LAYOUTS and is_of_two_alike(vector):
        refuse_one_array(vector, adapter, run)


def refuse_modes(vector: Vector, adapter: Adapter, run: Run) -> None:
    """Raise WrongCallError unless torch has the same value within every mode, and stays in it."""
    arrays = [made(operand, adapter) for operand in vector.pair.values()]
    for wrong, mode in MODES.items():
        with mode(library("torch")):
            before = settings(adapter.library)
            returned = run(arrays)
            left = restored(before)
        found = compared(vector, adapter, returned)
        problem = found.detail if found.verdict != "pass" else left or kept_graph(wrong, returned)
        if problem:
            message = f"{wrong}: {problem}"
            raise WrongCallError(message)


def kept_graph(wrong: str, returned: dict[str, Array]) -> str | None:
    """Sentence on a value that requires a gradient where none are made, or None."""
    is_kept = any(getattr(it, "requires_grad", False) for it in returned.values())
    return ASKS if is_kept and wrong.startswith(ENABLED) else None


def refuse_vmap(vector: Vector, adapter: Adapter, run: Run) -> None:
    """Raise WrongCallError where torch.func.vmap has another value; it may have none."""
    torch = library("torch")
    arrays = [made(operand, adapter) for operand in vector.pair.values()]
    value = torch.func.vmap(lambda *pair: run([*pair])["value"])
    try:
        found = value(*(torch.stack((it, it)) for it in arrays))[1]
    except Exception:
        return
    right, got = (adapter.numbers(it) for it in (run(arrays)["value"], found))
    refuse_another("value", "of two batches", right, got, VMAP)


def refuse_one_array(vector: Vector, adapter: Adapter, run: Run) -> None:
    """Raise WrongCallError unless two equal arrays have the value of one that is on both sides."""
    one, other = (made(vector.target, adapter) for _ in range(2))
    right, found = (adapter.numbers(run(pair)["value"]) for pair in ([one, other], [one, one]))
    most = SAME * max(map(abs, right), default=0.0)
    pairs = zip(right, found, strict=False)
    if len(right) != len(found) or any(abs(a - b) > most for a, b in pairs):
        raise WrongCallError(TWO)
