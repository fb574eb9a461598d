"""Tensors that are more, or less, than values in host memory."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from array_libraries import library
from hostile.row import (
    INPUT,
    SUM,
    TARGET,
    Gives,
    Raises,
    Row,
    derivative,
    module,
    sums,
    terms,
    torch_module,
)

TENSOR = "torch.Tensor"
BAD = ("int64", "bool", "uint8", "complex64", "complex128")


def tensors(change: Callable[[Any], Any] = lambda tensor: tensor) -> tuple[Any, Any]:
    """The two operands, changed in one way."""
    torch = library("torch")
    return tuple(change(torch.tensor(v, dtype=torch.float64)) for v in (INPUT, TARGET))


def row(name: str, function: Any, make: Any, outcome: Any, **options: Any) -> Row:
    return Row(name, function, make, outcome, options, needs=("torch",))


def rows() -> Iterator[Row]:
    yield from dtypes()
    yield from layouts()
    yield from views()
    yield from values_elsewhere()


def dtypes() -> Iterator[Row]:
    for number, name in enumerate(BAD):
        remedy = "convert it with target.float()"
        if "complex" in name:
            remedy = "take its real part, target.real"
        elif "int" in name:
            remedy = (
                "if these are one-hot labels or counts, divide them by their sum: "
                "target / target.sum(dim=-1, keepdim=True)"
            )
        yield row(
            f"a target of {name}",
            [sums, module, derivative, torch_module, "js_div_with_logits"][number],
            lambda n=name: (tensors()[0], tensors()[1].to(getattr(library("torch"), n))),
            Raises(
                TypeError,
                f"`target` must have a real floating-point dtype; got torch.{name}: {remedy}.",
            ),
        )
    yield row(
        "a quantised target",
        sums,
        lambda: (tensors()[0], quantised()),
        Raises(
            TypeError,
            "`target` must have a real floating-point dtype; got torch.quint8: pass "
            "target.dequantize().",
        ),
    )


def layouts() -> Iterator[Row]:
    for layout, name in (("to_sparse", "coo"), ("to_sparse_coo", "coo"), ("to_sparse_csr", "csr")):
        yield row(
            f"operands {layout}",
            sums,
            lambda method=layout: sparse(method),
            Raises(
                TypeError,
                f"`input` must be a dense tensor; got torch.sparse_{name}: pass input.to_dense().",
            ),
        )


def views() -> Iterator[Row]:
    torch_view: dict[str, Callable[[Any], Any]] = {
        "memory by columns": lambda t: t.t().contiguous().t(),
        "every second element": lambda t: t.repeat_interleave(2, 1)[:, ::2],
        "the negative bit": lambda t: library("torch")._neg_view(-t),
        "the imaginary part of a conjugate": lambda t: library("torch").complex(t, -t).conj().imag,
        "the real part of a complex number": lambda t: library("torch").complex(t, t).real,
        "parameters": lambda t: library("torch").nn.Parameter(t, requires_grad=False),
    }
    for name, change in torch_view.items():
        yield row(name, sums, lambda c=change: tensors(c), Gives(SUM, TENSOR, "torch.float64"))
        like = Gives([[-0.4, -0.6], [-0.1, -0.9]], TENSOR, "torch.float64")
        yield row(name, derivative, lambda c=change: tensors(c), like)


def values_elsewhere() -> Iterator[Row]:
    yield row(
        "tensors without values",
        lambda x, t: (*sums(x, t).shape, sums(x, t).device.type),
        lambda: tensors(lambda t: t.to("meta")),
        Gives(("meta",), "builtins.tuple", None),
    )
    for name, one, other, remedy in (
        ("meta", "cpu", "meta", "input.to(target.device)"),
        ("cpu", "meta", "cpu", "target.to(input.device)"),
    ):
        yield row(
            f"a target on {name}",
            torch_module,
            lambda a=one, b=other: (tensors()[0].to(a), tensors()[1].to(b)),
            Raises(
                ValueError,
                f"`input` and `target` must be on one device; got {one} and {other}: move one of "
                f"them, {remedy}.",
            ),
        )
    yield row(
        "an array of NumPy as target",
        sums,
        lambda: (tensors()[0], tensors()[1].numpy()),
        Raises(
            TypeError,
            "`input` and `target` must come from one array library; got torch.Tensor and "
            "numpy.ndarray: convert one of them, torch.from_numpy(target).to(input.device).",
        ),
    )
    yield row(
        "2**31 elements without values",
        lambda x, t: (*terms(x, t).shape, sums(x, t).device.type),
        lambda: (library("torch").empty(2**31 + 2, device="meta"),) * 2,
        Gives((2**31 + 2, "meta"), "builtins.tuple", None),
    )
    yield row(
        "no elements",
        terms,
        lambda: tensors(lambda t: t[:0]),
        Gives(np.empty((0, 2)), TENSOR, "torch.float64"),
    )


def sparse(method: str) -> tuple[Any, Any]:
    with warnings.catch_warnings():  # it tells that this is in beta state
        warnings.simplefilter("ignore")
        return tensors(lambda t: getattr(t, method)())


def quantised() -> Any:
    torch = library("torch")
    with warnings.catch_warnings():  # it tells of its removal
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(tensors()[1].float(), 0.1, 0, torch.quint8)
