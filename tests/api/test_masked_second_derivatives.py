"""Second derivatives of masked losses, by torch: samples that are not selected have none."""

from functools import partial

import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

SELECTED = (0, 2)
KINDS = ("logits", "probabilities", "log_probabilities")
BETAS = (0.0, 0.3, 1.0)


def log_probabilities(student):
    """Student as tables have it, of two axes."""
    return student.log_softmax(-1)


def of_tables(loss, student, teacher, mask, **options):
    """Loss of a table, whose mask has all of its entries."""
    where = mask.expand(student.shape)
    return loss(log_probabilities(student), teacher.softmax(-1), where=where, **options)


def of_kind(loss, student, teacher, mask, *, target_is, **options):
    """Loss from a teacher of some kind."""
    kinds = {
        "logits": teacher,
        "probabilities": teacher.softmax(-1),
        "log_probabilities": teacher.log_softmax(-1),
    }
    return loss(student, kinds[target_is], target_is=target_is, where=mask, **options)


def of_hidden(hidden, teacher, mask, **options):
    """Loss of a linear head, whose weight is the same for any mask."""
    weight = library("torch").linspace(-1, 2, teacher.shape[-1] * 5).reshape(-1, 5).sin()
    loss = partial(linear_kl_div, weight=weight.double())
    return of_kind(lambda x, t, **more: loss(x, target=t, **more), hidden, teacher, mask, **options)


def of_top(student, teacher, mask, **options):
    """Loss from a teacher's two largest probabilities."""
    top = teacher.log_softmax(-1).topk(2)
    return sparse_kl_div_with_logits(student, top.indices, top.values, where=mask, **options)


LOSSES = {
    **{f"kl, {kind}": partial(of_kind, kl_div_with_logits, target_is=kind) for kind in KINDS},
    **{
        f"js {beta}, {kind}": partial(of_kind, js_div_with_logits, target_is=kind, beta=beta)
        for kind in KINDS
        for beta in BETAS
    },
    **{
        f"hidden {beta}, {kind}": partial(of_hidden, target_is=kind, beta=beta)
        for kind in KINDS
        for beta in BETAS
    },
    **{f"top, {tail}": partial(of_top, tail=tail) for tail in ("bucket", "zero", "renormalize")},
    **{f"table {beta}": partial(of_tables, js_div, beta=beta) for beta in BETAS},
    "table": partial(of_tables, kl_div),
    "table, generalized": partial(of_tables, kl_div, generalized=True),
}


def hessian(loss, student):
    """Second derivatives of a function of the loss: its own gradient has a part in them."""
    torch = library("torch")
    return torch.autograd.functional.hessian(lambda x: loss(x).square(), student)


@pytest.mark.few(1, 57)
@pytest.mark.parametrize("classes", [4, 70])
@pytest.mark.parametrize("name", LOSSES)
def test_they_are_those_of_the_selected_samples_alone(name, classes):
    usable("torch")
    torch = library("torch")
    loss, options = LOSSES[name], {"reduction": "sum"}
    if not name.startswith("table"):
        options["temperature"] = 1.5
    width = 5 if name.startswith("hidden") else classes
    random = torch.Generator().manual_seed(0)
    student = torch.randn((3, width), generator=random, dtype=torch.float64)
    teacher = torch.randn((3, classes), generator=random, dtype=torch.float64)
    mask = torch.tensor([[True], [False], [True]])
    found = hessian(lambda x: loss(x, teacher, mask, **options), student)
    rows = list(SELECTED)
    alone = hessian(lambda x: loss(x, teacher[rows], mask[rows], **options), student[rows])
    assert_allclose(found[rows][:, :, rows], alone, rtol=1e-9, atol=1e-12)
    assert_array_equal(found[1], 0)
    assert_array_equal(found[:, :, 1], 0)
