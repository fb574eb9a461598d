"""Our losses as operators of torch's own tests: its OpInfo of kl_div, with ours in its place.

Every test of this folder is one that torch runs on each of its operators, written anew from what
its wheel holds (`torch.testing._internal`); the name of torch's test stands in its docstring. What
differs from an operator of torch:

- test_cow_input: operands that are copied on write are copied, since NumPy asks for memory that may
  be written (an expected failure, in test_modes).
- test_variant_consistency_jit: TorchScript cannot read our functions, and says so
  (test_overrides_traced).
- test_out, test_python_ref, tests of tags, of sparse layouts and of views: torch says of kl_div
  itself that it has none of these.
- test_torchinductor_opinfo: as far as the graphs that Inductor is given, not the code that it makes
  of them, which other tests run.
"""

import copy
import importlib
import importlib.util
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import kldiv_xp

MISSING = [name for name in ("torch", "expecttest") if importlib.util.find_spec(name) is None]


def internals(name: str) -> Any:
    """Module of torch's own tests, or a skip that says what is missing."""
    if MISSING:
        pytest.skip(f"{MISSING[0]} is not installed", allow_module_level=True)
    with warnings.catch_warnings():  # torch deprecates its own torch.jit while importing this
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(f"torch.testing._internal.{name}")
        except ImportError as error:
            pytest.skip(f"this torch has no tests of its own: {error}", allow_module_level=True)


common_methods_invocations = internals("common_methods_invocations")
opinfo = internals("opinfo.core")

import torch  # noqa: E402 - only where torch is installed

Samples = Iterator[Any]
(THEIRS,) = (one for one in common_methods_invocations.op_db if one.name == "nn.functional.kl_div")
REDUCTIONS = ("none", "mean", "batchmean", "sum")


def leaf(tensor: torch.Tensor, requires_grad: bool) -> torch.Tensor:
    """The values, as a tensor that is differentiated or not."""
    return tensor.detach().requires_grad_(requires_grad)


def rows(shape: tuple[int, ...], device: str, dtype: torch.dtype) -> torch.Tensor:
    """Numbers drawn as torch's samples are drawn."""
    return torch.testing.make_tensor(shape, device=device, dtype=dtype, low=0.0)


def theirs(info: Any, device: str, dtype: torch.dtype, requires_grad: bool) -> Samples:
    """torch's samples of its loss, with leaves of the graph as operands."""
    for one in common_methods_invocations.sample_inputs_kl_div(
        info, device, dtype, requires_grad=False
    ):
        left, right = (leaf(operand, requires_grad) for operand in (one.input, *one.args))
        yield opinfo.SampleInput(left, right, **one.kwargs)


def losses(info: Any, device: str, dtype: torch.dtype, requires_grad: bool, **_: Any) -> Samples:
    """Samples of `kl_div`: torch's, and some with our own options."""
    yield from theirs(info, device, dtype, requires_grad)
    for number, options in enumerate(given(device)):
        log_q, log_p = (rows((2, 3), device, dtype).log_softmax(-1) for _ in range(2))
        pair = log_q, log_p if number % 2 else log_p.exp()
        left, right = (leaf(one, requires_grad) for one in pair)
        yield opinfo.SampleInput(left, right, log_target=bool(number % 2), **options)


def given(device: str) -> Iterator[dict[str, Any]]:
    """Options that torch's loss does not have."""
    entries = torch.tensor([[True, False, True], [False, True, True]], device=device)
    for reduction in REDUCTIONS:
        yield {"axis": -1, "reduction": reduction}
        yield {"where": entries, "reduction": reduction}
        yield {"where": entries[:, :1], "axis": 1, "reduction": reduction}


def derivatives(
    info: Any, device: str, dtype: torch.dtype, requires_grad: bool, **_: Any
) -> Samples:
    """Samples of `kl_div_gradient`: those of the loss, and an upstream derivative."""
    yield from losses(info, device, dtype, requires_grad)
    for one in theirs(info, device, dtype, requires_grad):
        shape = one.input.shape if one.kwargs["reduction"] == "none" else ()
        one.kwargs["upstream"] = leaf(rows(shape, device, dtype), requires_grad)
        yield one


def logits(*options: dict[str, Any]) -> Callable[..., Samples]:
    """Samples of the divergences from logits, with some options each."""

    def samples(
        info: Any, device: str, dtype: torch.dtype, requires_grad: bool, **_: Any
    ) -> Samples:
        for one in options:
            for shape in ((3,), (2, 3)):
                pair = (leaf(rows(shape, device, dtype), requires_grad) for _ in range(2))
                yield opinfo.SampleInput(*pair, **one)
            where = torch.tensor([[True], [False]], device=device)
            pair = (leaf(rows((2, 3), device, dtype), requires_grad) for _ in range(2))
            yield opinfo.SampleInput(*pair, where=where, **one)

    return samples


def operator(function: Callable[..., Any], samples: Callable[..., Samples]) -> Any:
    """torch's OpInfo of kl_div, for a function of ours."""
    info = copy.copy(THEIRS)
    info.name = f"kldiv_xp.{function.__name__}"
    info.op = function
    info.sample_inputs_func = samples
    return info


KL_OPTIONS = (*({"reduction": one} for one in REDUCTIONS), {"temperature": 2.0, "axis": 0})
JS_OPTIONS = ({"reduction": "none"}, {"beta": 0.25, "temperature": 2.0}, {"beta": 1.0})
OPERATORS = {
    "kl_div": operator(kldiv_xp.kl_div, losses),
    "kl_div_gradient": operator(kldiv_xp.kl_div_gradient, derivatives),
    "kl_div_with_logits": operator(kldiv_xp.kl_div_with_logits, logits(*KL_OPTIONS[:4])),
    "js_div_with_logits": operator(kldiv_xp.js_div_with_logits, logits(*JS_OPTIONS)),
}
EVERY = pytest.mark.parametrize("info", OPERATORS.values(), ids=OPERATORS)
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
EVERY_DTYPE = pytest.mark.parametrize("dtype", DTYPES, ids=[str(one) for one in DTYPES])
QUIETLY = pytest.mark.filterwarnings(
    "ignore::kldiv_xp.KLDivWarning",
    # torch's derivatives in forward mode are written in what it deprecates.
    "ignore:.*torch.jit.*is deprecated:DeprecationWarning",
    # What torch's tests look at is no leaf of every graph.
    "ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning",
)


def samples_of(info: Any, dtype: torch.dtype = torch.float64, *, grad: bool = False) -> list[Any]:
    """The same samples every time."""
    torch.manual_seed(11)
    return list(info.sample_inputs("cpu", dtype, requires_grad=grad))


def few_of(info: Any, *, grad: bool = False) -> list[Any]:
    """Some of each kind, for tests that take long."""
    return [
        sample
        for sample in samples_of(info, grad=grad)
        if sample.input.ndim > 1
        and ("where" in sample.kwargs or sample.kwargs.get("reduction") in {"none", "batchmean"})
    ]


def positional(
    info: Any, sample: Any, *, mask: bool = False
) -> tuple[Callable[..., Any], tuple[torch.Tensor, ...]]:
    """The sample as a function of its floating-point tensors, and its mask, and these."""
    names = ("upstream", "where") if mask else ("upstream",)
    named = {name: sample.kwargs[name] for name in names if name in sample.kwargs}
    options = {name: value for name, value in sample.kwargs.items() if name not in named}

    def function(left: torch.Tensor, right: torch.Tensor, *others: torch.Tensor) -> Any:
        return info.op(left, right, **dict(zip(named, others, strict=True)), **options)

    return function, (sample.input, *sample.args, *named.values())
