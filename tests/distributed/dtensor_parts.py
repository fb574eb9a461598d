"""Program of every rank where a vocabulary has so few entries that a rank has none of them.

Rank 0 writes the findings; what is expected, the tests compute in a single process.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor

from kldiv_xp import (
    checking,
    diagnose,
    js_div,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
    linear_kl_div_gradient,
    sparse_kl_div_with_logits,
    sparse_kl_div_with_logits_gradient,
)

# Of 4 processes, the last has no entry of 5, and none of 3 rows.
ROWS, VOCABULARY, WIDTH, TOP = 3, 5, 2, 2
Tensors = list[torch.Tensor]
Place = Callable[[str, torch.Tensor], torch.Tensor]
PLACES = {
    "rows": Shard(0),
    "vocabulary": Shard(1),
    "whole": Replicate(),
    "sums to come": Partial(),
}
# Where the input lies, and the target.
PAIRS = [(one, other) for one in PLACES for other in PLACES]
OPERANDS: dict[str, tuple[int, ...]] = {
    "input": (ROWS, VOCABULARY),
    "target": (ROWS, VOCABULARY),
    "states": (ROWS, WIDTH),
    "weight": (VOCABULARY, WIDTH),
}


def operand(name: str) -> torch.Tensor:
    """Logits, hidden states or a layer, the same numbers in every process."""
    generator = torch.Generator().manual_seed(list(OPERANDS).index(name))
    return torch.randn(OPERANDS[name], generator=generator, dtype=torch.float64)


def value_and_gradient(loss: Callable[..., torch.Tensor], *arrays: torch.Tensor) -> Tensors:
    """Loss, and the derivatives of its sum by its operands."""
    learned = [one.detach().requires_grad_() for one in arrays]
    value = loss(*learned)
    return [value.detach(), *torch.autograd.grad(value.sum(), learned)]


def twice(loss: Callable[..., torch.Tensor], *arrays: torch.Tensor) -> Tensors:
    """Second derivatives: those of the squared derivative with respect to the input."""
    learned = [one.detach().requires_grad_() for one in arrays]
    (first,) = torch.autograd.grad(loss(*learned), learned[0], create_graph=True)
    return [first.detach(), *torch.autograd.grad((first * first).sum(), learned)]


def at_tensor(loss: Callable[..., torch.Tensor], names: str, *arrays: torch.Tensor) -> Tensors:
    """The same of a loss whose temperature or beta is learned."""
    numbers = [torch.tensor(0.6, dtype=torch.float64, requires_grad=True) for _ in names.split()]
    learned = [*(one.detach().requires_grad_() for one in arrays), *numbers]
    value = loss(*learned[:2], **dict(zip(names.split(), numbers, strict=True)))
    return [value.detach(), *torch.autograd.grad(value.sum(), learned)]


def of_logits(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Losses of logits, and their derivatives."""
    x, t = place("input", operand("input")), place("target", operand("target"))
    p = place("target", operand("target").softmax(-1))
    for name, loss in (("kl", kl_div_with_logits), ("js", js_div_with_logits)):
        yield name, value_and_gradient(loss, x, t)
        yield f"{name}, rows", value_and_gradient(partial(loss, reduction="none"), x, t)
        yield f"{name}, near", value_and_gradient(loss, x, x + 1e-5 * t)
        yield f"{name}, learned", at_tensor(loss, "temperature", x, t)
        for kind, given in (("probabilities", p), ("log_probabilities", p.log())):
            options = {"target_is": kind, "temperature": 3.0}
            yield f"{name}, {kind}", value_and_gradient(partial(loss, **options), x, given)
    # Of the second derivative of other losses torch says, of operands that lie apart: "out variant
    # should have at least one out arg".
    yield "kl, twice", twice(kl_div_with_logits, x, t)
    yield "js, beta", at_tensor(js_div_with_logits, "beta temperature", x, t)
    for name, gradient in (
        ("kl", kl_div_with_logits_gradient),
        ("js", js_div_with_logits_gradient),
    ):
        yield f"{name}, closed", [*gradient(x, t), *gradient(x, t, return_value=True)]


def masks(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Losses with a mask of samples that lies as the operands do."""
    x, t = place("input", operand("input")), place("target", operand("target"))
    log_q, p = x.log_softmax(-1), t.softmax(-1)
    where = torch.tensor([True, False, True])
    given = place("input", where[:, None])
    for reduction in ("none", "sum", "mean"):
        tables = {"where": given, "reduction": reduction, "axis": -1}
        yield f"tables, {reduction}", value_and_gradient(partial(kl_div, **tables), log_q, p)
        closed = kl_div_gradient(log_q, p, return_value=True, **tables)
        yield f"tables, {reduction}, closed", [*closed]
    # Of sums to come, item() would be the share of a process.
    yield "tables, number", [torch.tensor(kl_div(log_q, p, reduction="sum").item())]
    columns = place("input", torch.arange(VOCABULARY)[None] > 1)
    first = partial(kl_div, where=columns, reduction="sum", axis=0)
    yield "tables, first axis", value_and_gradient(first, log_q, p)
    for name, loss in (("kl", kl_div_with_logits), ("js", js_div_with_logits)):
        mean = partial(loss, where=given, reduction="mean")
        yield name, value_and_gradient(mean, x, t)
        yield f"{name}, learned", at_tensor(mean, "temperature", x, t)


def of_layers(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Losses of hidden states, in 16 bits too, and of a teacher known at some indices."""
    for dtype in (torch.float64, torch.bfloat16):
        states = place("states", operand("states").to(dtype))
        weight = place("weight", operand("weight").to(dtype))
        t = place("target", operand("target").to(dtype))
        loss = partial(linear_kl_div, target=t)
        yield f"{dtype}", value_and_gradient(loss, states, weight)
        above = place("states", torch.arange(1.0, ROWS + 1, dtype=dtype))
        closed = {"reduction": "none", "upstream": above, "return_value": True}
        yield f"{dtype}, closed", [*linear_kl_div_gradient(states, weight, t, **closed)]


def known_in_part(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Losses of a teacher known at some indices."""
    top = operand("target").log_softmax(-1).topk(TOP)
    x = place("input", operand("input"))
    indices, values = place("target", top.indices), place("target", top.values)
    where = place("target", torch.tensor([[True], [False], [True]]))
    options = {"where": where, "reduction": "mean"}

    def loss(input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return sparse_kl_div_with_logits(input, indices, target, **options)

    yield "kl", value_and_gradient(loss, x, values)
    closed = sparse_kl_div_with_logits_gradient(x, indices, values, **options)
    yield "closed", [*closed]


def one_sample(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Losses of a batch of one sample, with a mask; most processes have an empty part."""
    x, t = (place("input", operand(name)[:1]) for name in ("input", "target"))
    options = {"where": place("target", torch.tensor([[True]])), "reduction": "mean"}
    for name, loss, gradient in (
        ("kl", kl_div_with_logits, kl_div_with_logits_gradient),
        ("js", js_div_with_logits, js_div_with_logits_gradient),
    ):
        yield name, value_and_gradient(partial(loss, **options), x, t)
        yield f"{name}, closed", [*gradient(x, t, return_value=True, **options)]
    tables = partial(js_div, axis=-1, **options)
    yield "tables", value_and_gradient(tables, x.log_softmax(-1), t.softmax(-1))
    top = operand("target")[:1].log_softmax(-1).topk(TOP)
    indices, values = place("input", top.indices), place("input", top.values)
    yield "in part", [sparse_kl_div_with_logits(x, indices, values, **options)]
    states, weight = place("states", operand("states")[:1]), place("weight", operand("weight"))
    yield "layers", value_and_gradient(partial(linear_kl_div, target=t, **options), states, weight)


def short_rows(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Rows of so few classes that processes have none, with masks, cotangents and derivatives."""
    above = torch.arange(1.0, ROWS + 1, dtype=torch.float64)
    every, some, none = ([True] * ROWS, [True, False, True], [False] * ROWS)
    for size in (1, VOCABULARY):
        x, t = (place(name, operand(name)[:, :size]) for name in ("input", "target"))
        upstream = place("states", above)
        for mask in (every, some, none):
            where = place("input", torch.tensor(mask)[:, None])
            options = {"where": where, "reduction": "mean"}
            for name, loss, gradient in (
                ("kl", kl_div_with_logits, kl_div_with_logits_gradient),
                ("js", js_div_with_logits, js_div_with_logits_gradient),
            ):
                told = f"{name}, {size} classes, {sum(mask)} rows"
                yield told, value_and_gradient(partial(loss, **options), x, t)
                chained = {"where": where, "reduction": "none", "upstream": upstream}
                yield f"{told}, closed", [*gradient(x, t, return_value=True, **chained)]


def of_closed_forms(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Derivatives of derivatives in closed form."""
    for name, gradient in (
        ("kl", kl_div_with_logits_gradient),
        ("js", js_div_with_logits_gradient),
    ):
        for options in ({}, {"return_value": True}):
            x, t = (place(one, operand(one)).requires_grad_() for one in ("input", "target"))
            found = gradient(x, t, **options)
            squares = sum((one * one).sum() for one in found)
            yield f"{name}, {options}", [*torch.autograd.grad(squares, (x, t))]


def without_autograd(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Losses in inference mode."""
    x, t = place("input", operand("input")), place("target", operand("target"))
    log_q, p = x.log_softmax(-1), t.softmax(-1)
    for reduction in ("sum", "mean", "batchmean", "none"):
        for name, loss, pair in (
            ("kl", kl_div_with_logits, (x, t)),
            ("js", js_div_with_logits, (x, t)),
            ("tables", kl_div, (log_q, p)),
        ):
            with torch.inference_mode():
                numbers = gathered([loss(*pair, reduction=reduction)])[0].tolist()
            yield f"{name}, {reduction}", [torch.tensor(numbers)]


def rounded(place: Place) -> Iterator[tuple[str, Tensors]]:
    """Results in a narrower type: the parts must not be rounded before they are added up.

    Rounded parts of the first would be infinities of both signs.
    """
    rows, columns = torch.tensor([1.0, 1, -1, -1]), torch.tensor([3.0] * 4 + [-3.0] * 4)
    apart = 8192.0 * (rows[:, None] + columns).to(torch.float64) + 0.3
    log_q, log_p = place("input", apart), place("target", torch.zeros_like(apart))
    for dtype in (torch.float16, torch.float32):
        for reduction in ("sum", "mean"):
            options = {"reduction": reduction, "dtype": dtype, "log_target": True}
            yield f"apart, {dtype}, {reduction}", [kl_div(log_q, log_p, **options)]
    options = {"reduction": "none", "axis": 0, "dtype": torch.float32, "log_target": True}
    yield "apart, samples", [kl_div(log_q, log_p, **options)]
    x, t = place("input", operand("input")), place("target", operand("target"))
    narrow = {"reduction": "sum", "dtype": torch.float16}
    yield "tables", [js_div(x.log_softmax(-1), t.softmax(-1), **narrow)]
    yield "logits", [kl_div_with_logits(x, t, **narrow), js_div_with_logits(x, t, **narrow)]
    number = torch.tensor(0.6, requires_grad=True)
    for name in ("temperature", "beta"):
        loss = js_div_with_logits(x, t, reduction="sum", **{name: number})
        # A number that is no DTensor has a derivative that is none.
        yield f"by {name}", [torch.tensor(torch.autograd.grad(loss, number)[0].item())]


def told(place: Place) -> Iterator[tuple[str, str]]:
    """Reports of a diagnosis, and what a check raises."""
    x, t = place("input", operand("input")), place("target", operand("target"))
    yield "logits", str(diagnose(x, t, input_is="logits"))
    yield "logits as tables", str(diagnose(x, t))
    yield "tables", str(diagnose(x.log_softmax(-1), t.softmax(-1)))
    yield "tables as logits", str(diagnose(x.softmax(-1), t.softmax(-1), input_is="logits"))
    yield "first axis", str(diagnose(x.log_softmax(0), t.softmax(0)))
    states, weight = place("states", operand("states")), place("weight", operand("weight"))
    yield "layers", str(diagnose(states, t, weight=weight))
    with checking():
        yield "checked", f"{float(kl_div_with_logits(x, t)):.6g}"
        try:
            kl_div(x, t, reduction="sum")
        except ValueError as error:
            yield "raised", str(error)


ROUNDED = [("rows",) * 2, ("rows", "vocabulary"), ("vocabulary", "whole"), ("whole", "rows")]

IN_PARTS = [("vocabulary",) * 2, ("rows",) * 2]

# What is looked at, and in which of the places.
SUBJECTS: dict[str, tuple[Callable[[Place], Iterator[tuple[str, Any]]], list[tuple[str, str]]]] = {
    "logits": (of_logits, PAIRS),
    "masks": (masks, PAIRS),
    "layers": (of_layers, [pair for pair in PAIRS if "sums to come" not in pair]),
    "in part": (known_in_part, [pair for pair in PAIRS if pair[0] in ("rows", "whole")]),
    "one sample": (one_sample, [("rows", one) for one in ("rows", "vocabulary", "whole")]),
    "short rows": (short_rows, IN_PARTS),
    "closed forms": (of_closed_forms, IN_PARTS),
    "inference": (without_autograd, IN_PARTS),
    "rounded": (rounded, ROUNDED),
    "told": (told, [("vocabulary",) * 2, ("rows",) * 2, ("vocabulary", "whole")]),
}


def alone(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """The operand as it is."""
    del name
    return tensor


def in_parts(mesh: DeviceMesh, pair: tuple[str, str], name: str, tensor: torch.Tensor) -> DTensor:
    """The operand where it lies; of sums to come every process has a part."""
    placement = PLACES[pair[name == "target"]]
    if name == "weight":
        placement = Shard(0) if pair[0] == "vocabulary" else Replicate()
    elif name == "states" and pair[0] != "rows":
        placement = Replicate()
    if not isinstance(placement, Partial):
        return distribute_tensor(tensor, mesh, [placement])
    if tensor.dtype != torch.float64:
        return distribute_tensor(tensor, mesh, [Replicate()])
    return DTensor.from_local(tensor / mesh.size(), mesh, [placement])


def gathered(found: Any) -> Any:
    """What is found, as plain tensors."""
    if isinstance(found, str):
        return found
    found = [one for one in found if one is not None]
    return [one.full_tensor() if isinstance(one, DTensor) else one for one in found]


def main(path: str) -> None:
    """Everything, once."""
    dist.init_process_group("gloo", timeout=timedelta(seconds=300))
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    found = {
        (subject, *pair, name): gathered(one)
        for subject, (function, pairs) in SUBJECTS.items()
        for pair in pairs
        for name, one in function(partial(in_parts, mesh, pair))
    }
    if dist.get_rank() == 0:
        torch.save(found, path)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
