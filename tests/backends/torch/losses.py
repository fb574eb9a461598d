"""Losses of torch tensors: which operands each takes, and such operands."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

ROWS, WIDTH, CLASSES, KNOWN = 4, 5, 7, 3


class Loss(NamedTuple):
    """A loss, with the name of the operand that each of its parameters gets, and its options."""

    function: Callable[..., Any]
    operands: dict[str, str]
    options: dict[str, Any]

    def __call__(self, tensors: dict[str, Any], **options: Any) -> Any:
        """Loss of tensors that are named as those of `operands`."""
        named = {parameter: tensors[name] for parameter, name in self.operands.items()}
        return self.function(**named, **{**self.options, **options})


def operands() -> dict[str, Any]:
    """Operands of all losses, by name."""
    random = torch.Generator().manual_seed(0)
    normal = partial(torch.randn, generator=random)
    target = normal(ROWS, CLASSES).log_softmax(-1)
    known, indices = target.topk(KNOWN, -1)
    return {
        "input": normal(ROWS, CLASSES),
        "target": target,
        "where": torch.tensor([True, False, True, True]),
        "known": known,
        "indices": indices,
        "hidden": normal(ROWS, WIDTH),
        "weight": normal(CLASSES, WIDTH),
        "bias": normal(CLASSES),
        "states": normal(ROWS, 2),
        "head": normal(CLASSES, 2),
        "offset": normal(CLASSES),
    }


PAIR = {"input": "input", "target": "target"}
LAYER = {"input": "hidden", "weight": "weight", "bias": "bias"}
TWO_LAYERS = {**LAYER, "target": "states", "target_weight": "head", "target_bias": "offset"}
TOP = {"target": "known", "indices": "indices"}
LOGS = {"target_is": "log_probabilities"}
LOSSES = {
    "kl": Loss(kl_div, PAIR, {"log_target": True, "axis": -1}),
    "js": Loss(js_div, PAIR, {"log_target": True}),
    "kl of logits": Loss(kl_div_with_logits, PAIR, {}),
    "js of logits": Loss(js_div_with_logits, PAIR, {}),
    "sparse": Loss(sparse_kl_div_with_logits, {"input": "input", **TOP}, LOGS),
    "linear": Loss(linear_kl_div, {**LAYER, "target": "target"}, {}),
    "linear, states": Loss(linear_kl_div, TWO_LAYERS, {"beta": 0.3}),
    "linear, known": Loss(linear_kl_div, {**LAYER, **TOP}, LOGS),
}
