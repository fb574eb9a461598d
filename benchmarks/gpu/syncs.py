"""Whether a call waits for the device: torch's own alarm, and the capture of CuPy's stream."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

Line = dict[str, Any]

METHODS = {
    "torch": 'torch.cuda.set_sync_debug_mode("error"), which raises at a synchronising operation',
    "cupy": (
        "the call is captured into a CUDA graph: CUDA refuses to capture what waits for the "
        "device, reads from it, or allocates outside of a pool that was filled before"
    ),
}


def calls(array: Callable[[list[list[float]]], Any]) -> Iterator[tuple[str, Callable[[], object]]]:
    """The public functions in each of their ways."""
    import kldiv_xp

    x, p = array([[-1.0, -2.0], [-3.0, -0.5]]), array([[0.4, 0.6], [0.1, 0.9]])
    mask = p > 0
    for reduction in ("none", "sum", "batchmean"):
        for log_target, target in ((False, p), (True, x)):
            options: dict[str, Any] = {"reduction": reduction, "log_target": log_target}
            yield f"kl_div {options}", bound(kldiv_xp.kl_div, x, target, **options)
            yield (
                f"kl_div_gradient {options}",
                bound(kldiv_xp.kl_div_gradient, x, target, **options),
            )
    masked = {"reduction": "mean", "axis": -1, "where": mask}
    yield "kl_div, axis and where", bound(kldiv_xp.kl_div, x, p, **masked)
    yield "kl_div_with_logits", bound(kldiv_xp.kl_div_with_logits, x, p)
    yield "js_div_with_logits", bound(kldiv_xp.js_div_with_logits, x, p)
    for name in ("kl_div_with_logits_gradient", "js_div_with_logits_gradient"):
        yield name, bound(getattr(kldiv_xp, name), x, p)
    rows = {"reduction": "mean", "where": mask[:, 0], "temperature": 2.0}
    yield "kl_div_with_logits, where", bound(kldiv_xp.kl_div_with_logits, x, p, **rows)
    yield "js_div", bound(kldiv_xp.js_div, p, p)
    places, teacher = p.argmax(-1)[:, None], p[:, 1:]
    sparse = kldiv_xp.sparse_kl_div_with_logits
    yield "sparse_kl_div_with_logits", bound(sparse, x, places, teacher, target_is="probabilities")


def bound(function: Callable[..., object], *arrays: Any, **options: Any) -> Callable[[], object]:
    """Call without arguments."""
    return lambda: function(*arrays, **options)


def with_torch(device: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """Calls on tensors, the backward pass among them."""
    import torch

    import kldiv_xp

    def tensor(values: list[list[float]]) -> torch.Tensor:
        return torch.tensor(values, device=device)

    yield from calls(tensor)
    x, p = tensor([[-1.0, -2.0]]).requires_grad_(), tensor([[0.4, 0.6]]).requires_grad_()

    def backward() -> None:
        kldiv_xp.kl_div(x, p, reduction="batchmean").backward()

    yield "kl_div and backward", backward

    def backward_of_logits() -> None:
        kldiv_xp.kl_div_with_logits(x, p).backward()

    yield "kl_div_with_logits and backward", backward_of_logits
    compiled = torch.compile(kldiv_xp.kl_div_with_logits)
    yield "kl_div_with_logits and backward, compiled", lambda: compiled(x, p).backward()
    head = tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).requires_grad_()

    def backward_of_sparse() -> None:
        places = p.argmax(-1)[:, None]
        kldiv_xp.sparse_kl_div_with_logits(x, places, p[:, 1:].log()).backward()

    yield "sparse_kl_div_with_logits and backward", backward_of_sparse

    def backward_of_head() -> None:
        kldiv_xp.linear_kl_div(x, head, p, target_weight=head.detach()).backward()

    yield "linear_kl_div and backward", backward_of_head


def in_error_mode(function: Callable[[], object]) -> None:
    """Call that raises where torch waits for the device."""
    import torch

    torch.cuda.set_sync_debug_mode("error")
    try:
        function()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def in_capture(function: Callable[[], object]) -> None:
    """Call that raises where CuPy waits for the device."""
    import cupy

    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        function()
        stream.synchronize()
        stream.begin_capture()
        try:
            function()
        finally:
            stream.end_capture()


def judged(name: str, function: Callable[[], object], judge: Callable[..., None]) -> Line:
    """Error of one call, or None where nothing waited."""
    function()  # compiles, and fills the pools of memory
    try:
        judge(function)
    except Exception as error:  # whatever it is, the call did not pass
        return {"call": name, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
    return {"call": name, "error": None}


def prove(library: str, *, dry_run: bool) -> list[Line]:
    """Verdict on every call; in a dry run they are made, and nothing judges them."""
    if library == "torch":
        made = with_torch("cpu" if dry_run else "cuda")
        return [judged(*each, call if dry_run else in_error_mode) for each in made]
    if dry_run:
        import numpy as np

        return [judged(*each, call) for each in calls(np.asarray)]
    import cupy

    return [judged(*each, in_capture) for each in calls(lambda v: cupy.asarray(v, dtype="float32"))]


def call(function: Callable[[], object]) -> None:
    """Call that nothing judges."""
    function()


def main(library: str, *, dry_run: bool) -> None:
    """Print the verdicts, or why there are none."""
    try:
        if dry_run:
            from benchmarks.gpu import stand_in

            stand_in.install(library)
        answer: Line = {"calls": prove(library, dry_run=dry_run)}
    except Exception as error:  # a library without its device fails in many ways
        answer = {"skip": f"{type(error).__name__}: {error}".splitlines()[0]}
    print(json.dumps(answer))  # noqa: T201 - the answer to the process that asked


if __name__ == "__main__":
    main(sys.argv[1], dry_run="--dry-run" in sys.argv[2:])
