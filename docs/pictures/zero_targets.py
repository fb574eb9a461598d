"""Effect of two targets of 0 on a loss and its gradients: here, in torch and in Optax."""

import math
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import optax
import torch
from boxes import GREEN, GREY, PHONE, RED, box, canvas, save
from matplotlib.axes import Axes

from kldiv_xp import kl_div, kl_div_gradient

TARGET, INPUT = [0.5, 0.5, 0.0, 0.0], [math.log(0.5), math.log(0.3), math.log(0.2), -math.inf]
Row = tuple[float, list[float], list[float]]


def ours() -> Row:
    """Value and both gradients here."""
    input, target = torch.tensor([INPUT]), torch.tensor([TARGET])
    gradients = kl_div_gradient(input, target, reduction="sum")
    loss = kl_div(input, target, reduction="sum").item()
    return loss, *[one.tolist()[0] for one in gradients]


def torchs() -> Row:
    """The same of torch.nn.functional.kl_div."""
    input = torch.tensor([INPUT], requires_grad=True)
    target = torch.tensor([TARGET], requires_grad=True)
    loss = torch.nn.functional.kl_div(input, target, reduction="sum")
    gradients = torch.autograd.grad(loss, (input, target))
    return loss.item(), *[one.tolist()[0] for one in gradients]


def optaxs() -> Row:
    """The same of optax.losses.kl_divergence."""
    loss = optax.losses.kl_divergence
    operands = jnp.asarray(INPUT), jnp.asarray(TARGET)
    gradients = jax.grad(loss, argnums=(0, 1))(*operands)
    return float(loss(*operands)), *[one.tolist() for one in gradients]


LOSSES: dict[str, Callable[[], Row]] = {
    "kldiv_xp": ours,
    "torch": torchs,
    "Optax": optaxs,
}


def cells(axes: Axes, x: float, y: float, numbers: list[float]) -> None:
    """Cell for each number; what is not finite is red."""
    for place, number in enumerate(numbers):
        color = GREEN if math.isfinite(number) else RED
        text = shown(number)
        box(axes, (x + 34 * place, y), (32, 20), text, color=color, fontsize=7.6)


def shown(number: float) -> str:
    """A number in few letters; a zero without its sign."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "-∞" if number < 0 else "∞"
    return f"{number + 0.0:.3g}"


def draw(path: Path) -> None:
    """Draw a block for each loss: value, gradient by the input, gradient by the target."""
    figure, axes = canvas(5.35, 2.85)
    small = {"fontsize": 8, "color": GREY, "va": "center"}
    axes.text(6, 191, "target p", **small)
    axes.text(6, 169, "input log q", **small)
    for y, numbers in ((181, TARGET), (159, INPUT)):
        for place, number in enumerate(numbers):
            at = 102 + 34 * place, y
            box(axes, at, (32, 20), shown(number), fontsize=7.6)
    axes.text(246, 180, "two targets are 0; the model\nexcludes the last entry", **small)
    axes.text(62, 144, "loss", **small)
    axes.text(102, 144, "gradient by log q", **small)
    axes.text(246, 144, "gradient by p", **small)
    for floor, (name, loss) in enumerate(LOSSES.items()):
        y = 112 - 34 * floor
        value, by_input, by_target = loss()
        axes.text(6, y + 10, name, va="center", fontsize=8.2)
        cells(axes, 62, y, [value])
        cells(axes, 102, y, by_input)
        cells(axes, 246, y, by_target)
    axes.text(6, 18, "An optimiser adds every NaN to all parameters.", **small)
    save(figure, path)


def draw_for_phones(path: Path) -> None:
    """Draw the same, the parts of each block below one another."""
    height = 318
    figure, axes = canvas(PHONE / 72, height / 72)
    small = {"fontsize": 8, "color": GREY, "va": "center"}
    intro = "two targets are 0; the model excludes the last entry"
    axes.text(4, height - 10, intro, **small)
    y = height - 42
    for name, numbers in (("target p", TARGET), ("input log q", INPUT)):
        axes.text(4, y + 10, name, **small)
        for place, number in enumerate(numbers):
            box(axes, (110 + 34 * place, y), (32, 20), shown(number), fontsize=7.6)
        y -= 22
    for name, loss in LOSSES.items():
        y -= 8
        value, by_input, by_target = loss()
        axes.text(4, y + 10, name, va="center", fontsize=8.5, weight="bold")
        for words, numbers in (
            ("loss", [value]),
            ("gradient by log q", by_input),
            ("gradient by p", by_target),
        ):
            axes.text(107, y + 10, words, **small | {"ha": "right", "fontsize": 7.4})
            cells(axes, 110, y, numbers)
            y -= 22
    axes.text(4, 10, "An optimiser adds every NaN to all parameters.", **small)
    save(figure, path)
