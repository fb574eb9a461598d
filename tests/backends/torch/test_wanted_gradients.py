"""torch: any choice of what is learned has the gradients that all have together, and no others."""

from functools import partial
from itertools import product

import pytest

from kldiv_xp import (
    js_div_with_logits,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

KNOWN, WIDTH = 3, 2


def sparse_loss(input, target, **options):
    known = target.log_softmax(-1)[..., :KNOWN]
    indices = torch.arange(KNOWN).expand(known.shape)
    return sparse_kl_div_with_logits(input, indices, known, **options)


def linear_loss(input, target, head, **options):
    return linear_kl_div(input[..., :WIDTH], head, target, temperature=2.0, **options)


PAIR = "input", "target"
LOSSES = {
    "kl": (kl_div_with_logits, (*PAIR, "temperature")),
    "js": (js_div_with_logits, (*PAIR, "temperature", "beta")),
    "js of given": (partial(js_div_with_logits, beta=0.3), (*PAIR, "temperature")),
    "sparse": (sparse_loss, (*PAIR, "temperature")),
    "linear": (linear_loss, (*PAIR, "head")),
}
TARGETS = {
    "logits": ("kl", "js", "sparse", "linear"),
    "probabilities": ("kl", "js of given", "linear"),
    "log_probabilities": ("kl", "js of given", "linear"),
}
CONSTANT = {"linear": "target"}
CASES = [(name, kind) for kind, names in TARGETS.items() for name in names]


@pytest.fixture(autouse=True, params=["0", "1"], ids=["NumPy", "compiled"])
def fused(request, monkeypatch):
    if request.param == "1":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    monkeypatch.setenv("KLDIV_XP_FUSED", request.param)


def tensors_of(names, kind, classes):
    """Operands and numbers of a loss."""
    generator = torch.Generator().manual_seed(classes)
    student, target = torch.randn((2, 4, classes), generator=generator, dtype=torch.float64)
    target = target if kind == "logits" else target.log_softmax(-1)
    found = {
        "input": student,
        "target": target.exp() if kind == "probabilities" else target,
        "temperature": torch.tensor(1.5, dtype=torch.float64),
        "beta": torch.tensor(0.3, dtype=torch.float64),
        "head": torch.randn((classes, WIDTH), generator=generator, dtype=torch.float64),
    }
    return {name: found[name] for name in names}


def gradients(name, kind, wanted, classes, masked):
    """Those of the operands and numbers that want one, or None."""
    loss, names = LOSSES[name]
    given = tensors_of(names, kind, classes)
    for one, want in zip(given.values(), wanted, strict=True):
        one.requires_grad_(want)
    options = {} if name == "sparse" else {"target_is": kind}
    if masked:
        options["where"] = torch.tensor([True, False, True, True])
    loss(**given, **options).backward()
    return [one.grad for one in given.values()]


@pytest.mark.few(1, 11)
@pytest.mark.parametrize(("classes", "masked"), [(5, False), (100, True)])
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_choice_has_the_gradients_that_all_have_together(name, kind, classes, masked):
    """A temperature alone, of 64 classes, raised `max() arg is an empty sequence`."""
    choices = [(False, one != CONSTANT.get(name)) for one in LOSSES[name][1]]
    every = gradients(name, kind, [one[-1] for one in choices], classes, masked)
    for wanted in {one for one in product(*choices) if any(one)}:
        found = gradients(name, kind, wanted, classes, masked)
        for one, other, want in zip(found, every, wanted, strict=True):
            assert (one is not None) == want
            if want:
                torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-14)
