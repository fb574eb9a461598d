"""The nodes that torch.compile traces, run as they stand."""

import pytest

from kldiv_xp import (
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)
from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate import evaluate_derivatives, plain_sum
from kldiv_xp.core.evaluate_rows import plain_derivatives, plain_rows
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import JS, KL

torch = pytest.importorskip("torch", reason="torch is not installed")
graph = pytest.importorskip("kldiv_xp.backends.torch.compiled")

from torch.autograd import forward_ad  # noqa: E402 - torch may be missing

from kldiv_xp.torch import KLDivLoss  # noqa: E402

WANTED = pytest.mark.parametrize(
    "wanted", [(True, False), (False, True), (True, True)], ids=["input", "target", "both"]
)
MASKED = pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
Q = Form(log_input=False, generalized=True)
FORMS = {"p": Form(), "log p": Form(log_target=True), "q": Q}
BOTH_SPACES = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def arrays(wanted, *, masked, width=5, form=FORMS["log p"]):
    """Logarithms of probabilities, or of the input alone, and a mask of terms or of rows."""
    generator = torch.Generator().manual_seed(5)
    log_q, log_p = torch.randn((2, 4, 5), generator=generator, dtype=torch.float64).log_softmax(2)
    pair = log_q if form.log_input else log_q.exp(), log_p if form.log_target else log_p.exp()
    operands = [one.clone().requires_grad_(want) for one, want in zip(pair, wanted, strict=True)]
    mask = torch.arange(4)[:, None].expand(4, width) % 3 > 0
    return (*operands, mask) if masked else tuple(operands)


def plain_operands(every):
    """The same without a graph, and what they are together."""
    every = tuple(one.detach() for one in every)
    return examine(*every[:2]), every


def gradients(value, upstream, every, wanted):
    """Derivatives by the operands that are wanted, and None for the other."""
    asked = [one for one, want in zip(every[:2], wanted, strict=True) if want]
    found = iter(torch.autograd.grad(value, asked, upstream))
    return [next(found) if want else None for want in wanted]


@WANTED
@MASKED
@BOTH_SPACES
def test_loss_is_the_plain_one_with_the_closed_gradient(wanted, masked, form):
    every = arrays(wanted, masked=masked, form=form)
    operands, plain = plain_operands(every)
    value = graph.loss(operands, every, form, 4)
    torch.testing.assert_close(value.detach(), plain_sum(operands, plain, form, 4))
    upstream = torch.tensor(3.0, dtype=torch.float64)
    found = gradients(value, upstream, every, wanted)
    closed = evaluate_derivatives(operands, plain, form, Scale(0.25), (upstream,), wanted)
    torch.testing.assert_close(found, list(closed))


@pytest.fixture(params=["operator", "formula"])
def in_the_graph(request, monkeypatch):
    """Operators in the graph of losses of logits; where there is none, the formula."""
    if request.param == "formula":
        monkeypatch.setattr(graph.compiled_logit_derivatives, "has_operator", lambda arrays: False)


@WANTED
@MASKED
@pytest.mark.parametrize("divergence", [KL(2.0, "logits"), JS.of(1.0, 0.25)], ids=["kl", "js"])
@pytest.mark.usefixtures("in_the_graph")
def test_divergences_are_the_plain_ones_with_the_closed_gradient(wanted, masked, divergence):
    every = arrays(wanted, masked=masked, width=1)
    operands, plain = plain_operands(every)
    rows = graph.divergences(operands, every, divergence)
    torch.testing.assert_close(rows.detach(), plain_rows(operands, plain, divergence))
    upstream = torch.arange(1.0, 5.0, dtype=torch.float64)
    found = gradients(rows, upstream, every, wanted)
    closed = plain_derivatives(operands, plain, divergence, upstream[:, None], wanted)
    torch.testing.assert_close(found, list(closed))


def test_rows_may_have_any_axes_before_theirs():
    every = [
        one.detach().expand(3, 4, 5).clone().requires_grad_()
        for one in arrays((True, True), masked=False)
    ]
    operands, plain = plain_operands(every)
    divergence = KL(1.0, "logits")
    upstream = torch.arange(12.0, dtype=torch.float64).reshape(3, 4)
    found = gradients(graph.divergences(operands, every, divergence), upstream, every, (True, True))
    closed = plain_derivatives(operands, plain, divergence, upstream[..., None], (True, True))
    torch.testing.assert_close(found, list(closed))


@MASKED
@pytest.mark.usefixtures("in_the_graph")
def test_nodes_keep_the_operands_and_nothing_else(masked):
    for width, function, options in (
        (5, graph.loss, (Form(log_target=True), 4)),
        (1, graph.divergences, (KL(1.0, "logits"),)),
    ):
        every = arrays((True, True), masked=masked, width=width)
        value = function(plain_operands(every)[0], every, *options)
        kept = value.grad_fn.saved_tensors
        present = [one.data_ptr() for one in kept if one is not None]
        assert present == [one.data_ptr() for one in every]


def test_without_a_derivative_the_plain_expression_does():
    operands, plain = plain_operands(arrays((False, False), masked=False))
    form = Form(log_target=True)
    loss = graph.loss(operands, plain, form, parts=1)
    assert loss.grad_fn is None
    torch.testing.assert_close(loss, plain_sum(operands, plain, form, 1))
    rows = graph.divergences(operands, plain, KL(1.0, "logits"))
    assert rows.grad_fn is None
    torch.testing.assert_close(rows, plain_rows(operands, plain, KL(1.0, "logits")))


# No transformation maps the nodes, or differentiates them on the way: the plain expression again

LOSSES = {
    "sum": lambda x, t: kl_div(x.log_softmax(-1), t.softmax(-1), reduction="sum"),
    "terms": lambda x, t: kl_div(x.log_softmax(-1), t.softmax(-1), reduction="none").sum(),
    "samples": lambda x, t: kl_div(x - 1, t + 2, reduction="none", axis=-1, log_target=True).sum(),
    "module": lambda x, t: KLDivLoss(reduction="batchmean")(x.log_softmax(-1), t.softmax(-1)),
    "closed": lambda x, t: kl_div_gradient(x, t.softmax(-1), reduction="sum")[1].square().sum(),
    "logits": lambda x, t: kl_div_with_logits(x * 2, t * 3, reduction="sum"),
    "js": lambda x, t: js_div_with_logits(x * 2, t * 3, reduction="sum", beta=0.3),
}
TRANSFORMED = {
    "gradients of many": lambda loss: torch.func.vmap(torch.func.grad(loss)),
    "along a line": lambda loss: lambda x, t: torch.func.jvp(loss, (x, t), (t, x))[1],
    "curvature": lambda loss: torch.func.grad(
        lambda x, t: torch.func.grad(loss)(x, t).square().sum()
    ),
}


@pytest.mark.long
@pytest.mark.cases(4)
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("transform", TRANSFORMED.values(), ids=TRANSFORMED)
@pytest.mark.parametrize("learning", [False, True], ids=["constants", "parameters"])
def test_compiled_transformations_are_those_that_are_not_compiled(loss, transform, learning):
    generator = torch.Generator().manual_seed(5)
    log_q, log_p = torch.randn((2, 3, 2, 5), generator=generator, dtype=torch.float64)
    operands = [one.clone().requires_grad_(learning) for one in (log_q, log_p)]
    torch.compiler.reset()
    function = torch.compile(transform(loss), backend="eager", fullgraph=True)
    torch.testing.assert_close(function(*operands), transform(loss)(*operands))


OF_OLDER = {
    "table": lambda x, t: kl_div(x, t, log_target=True, reduction="batchmean"),
    "logits": kl_div_with_logits,
    "js": js_div_with_logits,
    "sparse": lambda x, t: sparse_kl_div_with_logits(
        x, torch.tensor([[0, 2]] * 4), t[:, :2].exp(), target_is="probabilities"
    ),
    "linear": lambda x, t: linear_kl_div(x, torch.eye(5, dtype=x.dtype), t),
}


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("loss", OF_OLDER.values(), ids=OF_OLDER)
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
@pytest.mark.cases(2)
def test_losses_compile_where_torch_reads_no_stack_of_transforms(loss, monkeypatch):
    """As before torch 2.13: "Dynamo does not know how to trace the builtin"."""
    from torch._dynamo.variables.torch import constant_fold_functions

    torch.compiler.reset()
    stack_depth = torch._C._functorch.get_dynamic_layer_stack_depth
    monkeypatch.delitem(constant_fold_functions, stack_depth, raising=False)
    x, t = arrays((True, False), masked=False)
    found = torch.compile(loss, fullgraph=True, backend="aot_eager")(x, t)
    torch.testing.assert_close(found, loss(x, t))
    torch.compiler.reset()


@pytest.mark.long
@pytest.mark.parametrize("loss", OF_OLDER.values(), ids=OF_OLDER)
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning", "ignore:.*torch.jit.script")
@pytest.mark.cases(1)
def test_program_that_was_compiled_before_has_the_tangent_of_a_new_one(loss):
    """The derivative of `linear_kl_div` was left out where it had run outside of forward mode."""
    torch.compiler.reset()
    x, t = arrays((False, False), masked=False)
    compiled = torch.compile(loss, backend="aot_eager")
    torch.testing.assert_close(compiled(x, t), loss(x, t))
    (by_input,) = torch.autograd.functional.vjp(lambda x: loss(x, t), x)[1:]
    with forward_ad.dual_level():
        found = compiled(forward_ad.make_dual(x, torch.ones_like(x)), t)
        torch.testing.assert_close(forward_ad.unpack_dual(found).tangent, by_input.sum())
    torch.compiler.reset()
