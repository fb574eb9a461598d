"""Tensors of torch that are not dense: the remedy makes them so."""

import warnings

import pytest
from checks.following_remedies import refused
from words import follow, value

from kldiv_xp import kl_div, kl_div_gradient, kl_div_with_logits, sparse_kl_div_with_logits


def tensors():
    """How tensors of every special kind are made, and the remedy of each."""
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def nested(layout):
        return lambda t: torch.nested.nested_tensor(list(t), layout=layout)

    quantize = torch.quantize_per_tensor
    mask = "an array without a mask of its own; got torch.masked.maskedtensor.core.MaskedTensor"
    nest = "a dense tensor; got nested"
    return {
        "coo": (lambda t: t.to_sparse(), "a dense tensor; got torch.sparse_coo", "{x}.to_dense()"),
        "csr": (
            lambda t: t.to_sparse_csr(), "a dense tensor; got torch.sparse_csr", "{x}.to_dense()",
        ),
        "csc": (
            lambda t: t.to_sparse_csc(), "a dense tensor; got torch.sparse_csc", "{x}.to_dense()",
        ),
        "nested": (nested(torch.strided), nest, "{x}.to_padded_tensor(0)"),
        "jagged": (nested(torch.jagged), nest, "{x}.to_padded_tensor(0)"),
        "masked": (lambda t: torch.masked.masked_tensor(t, t < 9), mask, "{x}.get_data()"),
        "float8": (
            lambda t: t.to(torch.float8_e5m2),
            "a real floating-point dtype of at least 16 bits; got torch.float8_e5m2", "{x}.float()",
        ),
        "quantized": (
            lambda t: quantize(t, 0.125, 0, torch.qint8),
            "a real floating-point dtype; got torch.qint8", "{x}.dequantize()",
        ),
    }  # fmt: skip


KINDS = ["coo", "csr", "csc", "nested", "jagged", "masked", "float8", "quantized"]
# Numbers that all of these types hold exactly.
EXACT = {
    "input": [[-1.0, -2.0, -0.5], [-0.25, -4.0, -3.0]],
    "target": [[0.5, 0.25, 0.25], [0.125, 0.875, 0.0]],
}


@pytest.mark.filterwarnings("ignore")  # torch calls most of these a prototype, or deprecated
@pytest.mark.parametrize("place", ["input", "target"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "function", [kl_div, kl_div_gradient, kl_div_with_logits], ids=lambda one: one.__name__
)
def test_special_tensors_are_told_how_to_become_dense(function, kind, place):
    make, got, code = tensors()[kind]
    torch = __import__("torch")
    plain = {name: torch.tensor(values) for name, values in EXACT.items()}
    operands = plain | {place: make(plain[place])}
    found = refused(function, operands, {"reduction": "sum"})
    verb = "have" if "dtype" in got else "be"
    assert found.startswith(f"`{place}` must {verb} {got}: ")
    code = code.format(x=place)
    assert code in found
    mended = follow(code, **operands)
    expected = function(plain["input"], plain["target"], reduction="sum")
    torch.testing.assert_close(
        function(mended["input"], mended["target"], reduction="sum"), expected
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("coo", "where.to_dense()"),
        ("csr", "where.to_dense()"),
        ("nested", "torch.nested.to_padded_tensor(where, 0)"),
        ("jagged", "torch.nested.to_padded_tensor(where, 0)"),
        ("masked", "where.get_data() & where.get_mask()"),
        ("quantized", "where.dequantize() != 0"),
        ("float8", "where != 0"),
    ],
)
def test_special_masks_are_told_how_to_become_dense(kind, code):
    make, *_ = tensors()[kind]
    torch = __import__("torch")
    selected = torch.tensor([[True, False, True], [False, False, True]])
    numbers = kind in {"quantized", "float8", "csr"}
    where = make(selected.float() if numbers else selected)
    where = where.bool() if kind == "csr" else where
    operands = {name: torch.tensor(values) for name, values in EXACT.items()}
    found = refused(kl_div, operands, {"reduction": "sum", "where": where})
    assert f" {code}" in found
    loss = kl_div(**operands, reduction="sum", where=value(code, where=where))
    torch.testing.assert_close(loss, kl_div(**operands, reduction="sum", where=selected))


def test_padding_of_nested_tensors_is_left_out():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x, p = (
            torch.nested.nested_tensor([torch.tensor(one[0]), torch.tensor(one[1][:2])])
            for one in EXACT.values()
        )
    where = torch.tensor([[True, True, True], [True, True, False]])
    loss = kl_div(x.to_padded_tensor(0), p.to_padded_tensor(0), where=where, reduction="sum")
    plain = [torch.tensor(one) for one in EXACT.values()]
    torch.testing.assert_close(loss, kl_div(*plain, where=where, reduction="sum"))


def test_both_parts_of_a_top_k_are_passed_each_by_its_name():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    student, teacher = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(0))
    top = teacher.topk(2)
    options = {"target_is": "logits", "tail": "renormalize"}
    for name, operands in (("indices", (top, top.values)), ("target", (top.indices, top))):
        with pytest.raises(TypeError) as caught:
            sparse_kl_div_with_logits(student, *operands, **options)
        assert str(caught.value).endswith(
            f"pass its parts, {name}.indices as `indices` and {name}.values as `target`, to "
            "sparse_kl_div_with_logits."
        )
    for target, told in (
        (top, "to sparse_kl_div_with_logits."),
        (top.values, "if these are the top-k of a teacher, pass their indices too, to sparse_kl_"),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            kl_div_with_logits(student, target)
        assert told in str(caught.value)
    loss = sparse_kl_div_with_logits(student, top.indices, top.values, **options)
    others = torch.full_like(teacher, -torch.inf).scatter(-1, top.indices, top.values)
    assert loss.item() == pytest.approx(kl_div_with_logits(student, others).item(), rel=1e-5)
