"""torch: a teacher under inference mode, whose tensors autograd does not save."""

from functools import partial

import pytest

from kldiv_xp import js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.testing._internal.two_tensor import TwoTensor  # noqa: E402 - torch may be missing

from kldiv_xp.backends.torch.saved_tensors import copied, savable  # noqa: E402
from kldiv_xp.torch import KLDivLoss  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
]

LOG = {"log_target": True}
LOSSES = {
    "sum": lambda x, t, m: kl_div(x, t, reduction="sum", where=m, **LOG),
    "mean": lambda x, t, m: kl_div(x, t, reduction="mean", where=m, **LOG),
    "probabilities": lambda x, t, m: kl_div(x, t * t, reduction="batchmean", where=m),
    "terms": lambda x, t, m: kl_div(x, t, reduction="none", where=m, **LOG).sum(),
    "samples": lambda x, t, m: kl_div(x, t, reduction="none", axis=-1, where=m, **LOG).sum(),
    "module": lambda x, t, m: KLDivLoss(reduction="sum", log_target=True)(x, t, where=m),
    "logits": lambda x, t, m: kl_div_with_logits(x, t, where=m[:, :1], temperature=2.0),
    "logits along columns": lambda x, t, m: kl_div_with_logits(x, t, axis=0, where=m[:1]),
    "js": lambda x, t, m: js_div_with_logits(x, t, where=m[:, :1], beta=0.3),
    "softer logits": lambda x, t, m: kl_div_with_logits(x, t, where=m[:, :1], temperature=-t[0, 0]),
    "js of an open beta": lambda x, t, m: js_div_with_logits(
        x, t, where=m[:, :1], beta=t[0, 0].exp(), temperature=t[0, 0].exp()
    ),
}
# A trace computes these again from what inference mode made, and autograd saves that.
ANEW = {"probabilities", "logits along columns", "softer logits", "js of an open beta"}
EVERY_LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
COMPILED = {name: loss for name, loss in LOSSES.items() if name not in ANEW}
TYPES = pytest.mark.parametrize("type_", ["float16", "bfloat16", "float32", "float64"])
STUDENTS = pytest.mark.parametrize("student", [0, 1], ids=["input", "target"])


def operands(type_="float64", student=0, context=torch.inference_mode):
    """One that wants a gradient, the other and a mask as a context makes them."""
    generator = torch.Generator().manual_seed(3)
    log_p = torch.randn((2, 4, 5), generator=generator, dtype=torch.float64).log_softmax(-1)
    log_p = log_p.to(getattr(torch, type_))
    mask = torch.rand((4, 5), generator=generator) < 0.8
    with context():
        teacher, mask = log_p[1 - student].clone(), mask.clone()
    assert teacher.is_inference() == mask.is_inference() == (context is torch.inference_mode)
    arrays = [teacher, teacher, mask]
    arrays[student] = log_p[student].clone().requires_grad_()
    return arrays


def results(function, arrays, *, student=0, twice=False):
    """Value and gradient, and the derivative of its square if there is one."""
    value = function(*arrays)
    (derivative,) = torch.autograd.grad(value, arrays[student], create_graph=twice)
    if not derivative.requires_grad:
        return value.detach(), derivative
    (second,) = torch.autograd.grad((derivative**2).sum(), arrays[student])
    return value.detach(), derivative.detach(), second


def assert_as_usual(function, *, type_="float64", student=0, exact=True, **options):
    found = results(function, operands(type_, student), student=student, **options)
    usual = operands(type_, student, torch.no_grad)
    expected = results(function, usual, student=student, **options)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert not one.is_inference()
        close = {"rtol": 0, "atol": 0} if exact else {}
        torch.testing.assert_close(one, other, **close)


@pytest.mark.few(34, 142)
@EVERY_LOSS
@TYPES
@STUDENTS
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_student_learns_from_a_teacher_under_inference_mode(loss, type_, student, twice):
    assert_as_usual(loss, type_=type_, student=student, twice=twice)


@pytest.mark.few(3, 19)
@EVERY_LOSS
@STUDENTS
def test_so_it_does_by_functional_derivatives(loss, student):
    arrays, usual = operands(student=student), operands(student=student, context=torch.no_grad)

    def derivatives(given):
        place = given[student].detach()

        def function(one):
            return loss(*[one if at == student else array for at, array in enumerate(given)])

        tangent = torch.ones_like(place)
        return (
            torch.func.grad(function)(place),
            torch.func.hessian(function)(place),
            torch.func.jvp(function, (place,), (tangent,))[1],
        )

    torch.testing.assert_close(derivatives(arrays), derivatives(usual))


@EVERY_LOSS
def test_so_it_does_when_gradients_are_mapped(loss):
    def mapped(x, t, m):
        derivatives = torch.func.vmap(torch.func.grad(loss))
        return derivatives(*[torch.stack([one, one.flip(0)]) for one in (x.detach(), t, m)])

    found, usual = operands(), operands(context=torch.no_grad)
    torch.testing.assert_close(mapped(*found), mapped(*usual))


# Both compilers take the graph that the first of the three makes.
COMPILERS = {
    "eager": (),
    "aot_eager": ("mean", "terms", "samples", "module", "logits", "js"),
    "inductor": ("sum", "module", "logits", "js"),
}


def compilations():
    """Compiler and loss; the ordinary run has each loss, and each function by each compiler."""
    for compiler, few in COMPILERS.items():
        for name, loss in COMPILED.items():
            marks = () if name in few else pytest.mark.long
            yield pytest.param(compiler, loss, id=f"{compiler}-{name}", marks=marks)


@pytest.mark.long
@pytest.mark.cases(5)
@pytest.mark.parametrize(("backend", "loss"), list(compilations()))
def test_so_it_does_under_the_compiler(loss, backend):
    torch.compiler.reset()
    compiled = torch.compile(loss, fullgraph=True, backend=backend)
    found = results(compiled, operands())
    torch.testing.assert_close(found, results(loss, operands(context=torch.no_grad)))


@EVERY_LOSS
def test_so_it_does_beside_a_subclass_and_in_a_mode(loss):
    student, teacher, mask = operands()
    with torch.overrides.BaseTorchFunctionMode():
        found = results(loss, (student, teacher, mask))
    torch.testing.assert_close(found, results(loss, operands(context=torch.no_grad)))


@EVERY_LOSS
@TYPES
def test_loss_within_inference_mode_is_the_loss(loss, type_):
    with torch.inference_mode():
        value = loss(*[one.detach() for one in operands(type_)])
        parameter = loss(*operands(type_))
    assert not value.requires_grad
    assert torch.equal(value, loss(*operands(type_, context=torch.no_grad)).detach())
    assert torch.equal(value, parameter)


@EVERY_LOSS
def test_gradients_enabled_within_inference_mode_change_no_value(loss):
    arrays = operands()
    with torch.inference_mode(), torch.enable_grad():
        value = loss(*arrays)
    assert torch.equal(value.detach(), loss(*operands(context=torch.no_grad)).detach())


def test_closed_gradient_of_tensors_of_inference_mode():
    for twice in (False, True):
        found, usual = operands(), operands(context=torch.no_grad)
        options = {"reduction": "none", "where": found[2], "log_target": True}
        upstream = torch.ones(4, 5, dtype=torch.float64)
        with torch.inference_mode():
            inference = upstream.clone()
        given = [one if twice else one.detach() for one in found[:2]]
        derivatives = kl_div_gradient(*given, upstream=inference, **options)
        expected = kl_div_gradient(*usual[:2], upstream=upstream, **options)
        torch.testing.assert_close(derivatives, tuple(one.detach() for one in expected))


@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_incoming_gradient_of_inference_mode_is_taken(again):
    for loss in (partial(kl_div, log_target=True), kl_div_with_logits):
        found, usual = operands(), operands(context=torch.no_grad)
        values = [loss(*given[:2], reduction="none") for given in (found, usual)]
        upstream = torch.rand_like(values[1]).detach()
        with torch.inference_mode():
            inference = upstream.clone()
        derivatives = [
            torch.autograd.grad(value, given[0], one, create_graph=again)[0]
            for value, given, one in zip(values, (found, usual), (inference, upstream), strict=True)
        ]
        torch.testing.assert_close(*derivatives)


# What is shared and what is copied


def test_memory_is_shared_with_what_inference_mode_made():
    for type_ in ("bfloat16", "float64"):
        _, teacher, mask = operands(type_)
        views = teacher[1:, ::2], teacher.T, mask[:, :1].expand(4, 5)
        for one in (teacher, mask, *views):
            (found,) = savable((one,))
            assert not found.is_inference()
            assert torch.equal(found, one)
            assert (found.data_ptr(), found.stride()) == (one.data_ptr(), one.stride())


def test_ordinary_tensors_are_handed_on_as_they_are():
    arrays = tuple(operands(context=torch.no_grad))
    assert all(one is other for one, other in zip(savable(arrays), arrays, strict=True))
    assert copied(arrays) is arrays


def test_only_what_inference_mode_made_is_copied_and_only_where_autograd_records():
    arrays = tuple(operands())
    copies = copied(arrays)
    assert copies[0] is arrays[0]
    assert not any(one.is_inference() for one in copies)
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            assert copied(arrays) is arrays


def test_subclass_beside_a_teacher_of_inference_mode():
    _, teacher, mask = operands()
    pair = TwoTensor(torch.ones(()).double(), torch.full((), 2.0).double())
    student = operands()[0]
    (derivative,) = torch.autograd.grad(LOSSES["sum"](student, teacher, mask), student, pair)
    torch.testing.assert_close(derivative.b, 2 * derivative.a)
