"""Tensors that are no plain values: nested, fake, of the layout of a library, a mask of bytes."""

import re
import warnings
from collections.abc import Iterator
from typing import Any

from array_libraries import library
from hostile.row import INPUT, TARGET, Gives, Raises, Row, sums, terms


def pair() -> tuple[Any, Any]:
    torch = library("torch")
    return torch.tensor(INPUT), torch.tensor(TARGET)


def nested() -> tuple[Any, Any]:
    with warnings.catch_warnings():  # PyTorch calls them a prototype
        warnings.simplefilter("ignore")
        return tuple(library("torch").nested.nested_tensor(list(tensor)) for tensor in pair())


def faked(input: Any, target: Any) -> Any:
    """Shape of a result without values, and its type."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode() as mode:
        result = terms(mode.from_tensor(input), mode.from_tensor(target))
    return tuple(result.shape), type(result).__name__


def half_faked(input: Any, target: Any) -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    return sums(FakeTensorMode().from_tensor(input), target)


def masked(input: Any, target: Any, where: Any) -> Any:
    return sums(input, target, where=where)


def rows() -> Iterator[Row]:
    found = {
        "nested tensors": (
            sums,
            nested,
            Raises(
                TypeError,
                "`input` must be a dense tensor; got nested: pad it with "
                "input.to_padded_tensor(0), and leave the padding out with where=.",
            ),
        ),
        "tensors of MKL-DNN": (
            sums,
            lambda: tuple(tensor.to_mkldnn() for tensor in pair()),
            Raises(
                TypeError,
                "`input` must be a dense tensor; got torch._mkldnn: pass input.to_dense().",
            ),
        ),
        "fake tensors": (faked, pair, Gives(((2, 2), "FakeTensor"), "builtins.tuple", None)),
        "a fake tensor beside another": (
            half_faked,
            pair,
            Raises(AssertionError, re.compile(r"Please convert all Tensors to FakeTensors .*")),
        ),
        "a mask of bytes": (
            masked,
            lambda: (*pair(), library("torch").ones((2, 2), dtype=library("torch").uint8)),
            Raises(
                TypeError,
                "`where` must be a mask of bools, True at what has a part in the loss; got "
                "torch.uint8: pass where != 0 if it is 0 at what is left out, or "
                "where == 0 if it is 1 at padding.",
            ),
        ),
        "a mask of NumPy": (
            masked,
            lambda: (*pair(), pair()[1].numpy() > 0),
            Raises(
                TypeError,
                "`input` and `where` must come from one array library; got torch.Tensor and "
                "numpy.ndarray: convert one of them, torch.from_numpy(where).to(input.device).",
            ),
        ),
    }
    for name, (function, make, outcome) in found.items():
        yield Row(name, function, make, outcome, needs=("torch",))
