"""What raises is told as that, before all else, and is no evidence of wrong numbers."""

import numpy as np
import pytest

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, assert_conforms, find, judge, vectors
from kldiv_conformance._common_cause import common_cause
from kldiv_conformance._explanations import explained, explanations
from kldiv_conformance._suspects import suspects
from kldiv_xp import kl_div

GROUPS = ("ordinary", "zeros_and_infinities", "gradients", "sizes")
# A value and a gradient of each kind, in a few shapes: compilers make a program for each.
ASKED = [
    it
    for group in GROUPS
    for it in vectors(group)
    if (it.input.dtype, it.target.dtype) == ("float32", "float32")
    and (it.function, it.raises, it.where) == (None, None, None)
    and set(it.arguments) == {"reduction", "log_target"}
]
FEW = [it for it in ASKED if it.input.shape in {(1,), (2, 3)}]
SMALL = [*FEW, *(it for it in ASKED if "MissingValue" in it.flags and len(it.input.values) < 9)]
MANY = 1000
REDUCED = {
    "none": lambda it: it,
    "sum": lambda it: it.sum(),
    "mean": lambda it: it.mean(),
    "batchmean": lambda it: it.sum() / (it.shape or (1,))[0],
}
READS = "; the loss reads a value while it is compiled or differentiated, by `if`, "


def hiding(xp, input, target, reduction, log_target):
    """A loss whose guard hides NaN."""
    if log_target:
        terms = xp.exp(target) * (target - input)
    else:
        is_known = target > 0
        terms = xp.where(is_known, target * (xp.log(xp.where(is_known, target, 1)) - input), 0)
    return REDUCED[reduction](terms)


def detached(input, target, *, reduction, log_target):
    return hiding(library("torch"), input, target, reduction, log_target).detach()


def numpy_of_torch(input, target, **given):
    return library("torch").as_tensor(hiding(np, input.numpy(), target.numpy(), **given))


def numpy_of_jax(input, target, **given):
    with np.errstate(all="ignore"):
        return hiding(np, np.asarray(input), np.asarray(target), **given)


def reading_torch(input, target, **given):
    import torch  # nothing of pytest can be compiled

    if given["reduction"] != "none" and bool(input.sum() > 0):
        return hiding(torch, input + 0, target, **given)
    return hiding(torch, input, target, **given)


def reading_jax(input, target, **given):
    if given["reduction"] != "none" and bool(input.sum() > 0):
        return hiding(library("jax.numpy"), input + 0, target, **given)
    return hiding(library("jax.numpy"), input, target, **given)


def picky(input, target, **given):
    if input.size > MANY:
        message = f"too large: {MANY} elements at most, got {input.size}"
        raise ValueError(message)
    with np.errstate(all="ignore"):
        return np.asarray(hiding(np, input, target, **given)).astype(input.dtype)


def library(name):
    return pytest.importorskip(name)


# The backend, the vectors, the loss, what is raised, and what is told of it.
KINDS = {
    "detached": ("torch", SMALL, detached, "RuntimeError: element 0 of tensors", "; the result is"),
    "NumPy in torch": ("torch", SMALL, numpy_of_torch, "RuntimeError: Can't call", "; NumPy is"),
    "NumPy in JAX": ("jax", SMALL, numpy_of_jax, "TracerArrayConversionError: ", "; NumPy is"),
    "read by torch": ("torch-compile", SMALL[::3], reading_torch, "U", READS),
    "read by JAX": ("jax-jit", SMALL, reading_jax, "TracerBoolConversionError: ", READS),
    "refused": ("numpy", ASKED, picky, "ValueError: too large: 1000 elements at most, got ", ""),
}


@pytest.mark.few(0, 6)
@pytest.mark.parametrize("kind", KINDS)
def test_calls_that_raise_are_told_first_and_as_that(kind):
    backend, asked, loss, error, meaning = KINDS[kind]
    if (reason := ADAPTERS[backend].reason_to_skip()) is not None:
        pytest.skip(reason)
    lines = [judge(it, ADAPTERS[backend], Implementation("wrong", loss)).to_json() for it in asked]
    failures = [it for it in lines if it["verdict"] == "failure"]
    raised = [it for it in failures if "but raised" in it["detail"]]
    assert 0 < len(raised) < len(failures)
    sentences, flags = explained(lines)
    start = f"{len(raised)} of {len(failures)} failures raise an exception: "
    assert sentences[0].startswith((f"{start}'{error}", f'{start}"{error}'))
    assert meaning in sentences[0]
    assert flags[0].flag in {"MissingValue", "NegativeTarget"}
    assert not {it.flag for it in flags} & {
        *("Upstream", "InputGradient", "TargetGradient", "GradientReduction"),
        *("ManyElements", "SecondBlock", "Formula", "Sum"),
    }


def raising(error, where):
    def loss(input, target, **given):
        if where(input):
            raise error
        return kl_div(input, target, **given)

    return Implementation("raising", loss)


@pytest.mark.few(1, 2)
@pytest.mark.parametrize(
    ("flag", "where"),
    [
        ("Empty", lambda array: array.size == 0),
        ("ZeroDimensional", lambda array: array.ndim == 0),
        ("HalfPrecision", lambda array: array.dtype == "float16"),
    ],
)
def test_a_flag_whose_bug_is_an_error_is_told_where_it_alone_raises(flag, where):
    asked = [it for it in vectors() if it.group in {"reductions", "half_precision", "ordinary"}]
    asked = [it for it in asked if (it.function, it.kind) == (None, "value")]
    loss = raising(TypeError("no such array"), where)
    lines = [judge(it, ADAPTERS["numpy"], loss).to_json() for it in asked]
    assert [it.flag for it in suspects(lines)][:1] == [flag]


def test_a_call_that_raises_is_accused_of_no_wrong_number():
    loss = raising(RuntimeError("element 0 of tensors does not require grad"), np.any)
    with pytest.raises(AssertionError) as caught:
        assert_conforms(loss.loss, find("ordinary_001"))
    lines = str(caught.value).splitlines()
    assert lines[1] == f"  {find('ordinary_001').comment}"
    assert lines[2].startswith("  The result is detached from the graph, as by `detach()`")
    assert lines[3:] == ["  See `kldiv-conformance explain ordinary_001`."]


LOST = {
    "no answer within 1 seconds.": "have no answer in time",
    "the process of numpy ended with status 1: gone": "end the process that computes them",
    "returned value as int, which numpy cannot read: TypeError": "return something that is no",
}


@pytest.mark.parametrize("detail", LOST)
def test_what_gives_no_number_is_told_beside_wrong_numbers(detail):
    loss = Implementation("other", lambda *operands, **given: -kl_div(*operands, **given))
    lines = [judge(it, ADAPTERS["numpy"], loss).to_json() for it in ASKED[:20]]
    lines += [{**it, "detail": detail, "values": {}} for it in lines[:3]]
    sentences = explanations(lines)
    count = sum(it["verdict"] == "failure" for it in lines)
    assert sentences[0].startswith(f"3 of {count} failures {LOST[detail]}")
    assert sentences[0].endswith(f"; the first: {detail}")


WIDE = [it for it in ASKED if it.group == "ordinary" and it.kind == "value"][:4]


def adding(constant):
    return Implementation("adding", lambda x, t, **given: kl_div(x, t, **given) + constant(x))


def test_a_constant_of_jax_that_is_wide_is_told_why_and_its_remedy_works():
    jnp = library("jax.numpy")
    wide = [judge(it, ADAPTERS["jax"], adding(lambda x: jnp.zeros(()))) for it in WIDE]
    told = "got float64. The suite turns jax_enable_x64 on, where an array that is made without a "
    assert all(told in it.detail for it in wide)
    assert all("as in `jnp.zeros((), x.dtype)`." in it.detail for it in wide)
    remedied = adding(lambda x: jnp.zeros((), x.dtype))
    assert {judge(it, ADAPTERS["jax"], remedied).verdict for it in WIDE} == {"pass"}


def test_a_call_that_turns_x64_off_is_told_so_and_has_written_no_operand():
    jax = library("jax")

    def loss(input, target, **given):
        jax.config.update("jax_enable_x64", val=False)
        return kldiv_xp.kl_div(input, target, **given)

    asked = [it for it in vectors("ordinary") if it.input.dtype == "float64"][:4]
    lines = [judge(it, ADAPTERS["jax"], Implementation("off", loss)).to_json() for it in asked]
    start = "the call left jax.config.jax_enable_x64 at False, which was True before it."
    assert all(it["detail"].startswith(start) for it in lines)
    assert not any("the call changed" in it["detail"] for it in lines)
    assert common_cause(lines).startswith("all 4 failures come of settings of a library that ")
    assert "OverwrittenOperand" not in {it.flag for it in suspects(lines)}
