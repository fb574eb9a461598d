"""A traced or exported loss called with another batch equals eager: no size decides a branch."""

import functools
import io
import re

import numpy as np
import pytest

from kldiv_xp import (
    KLDivLoss,
    js_div,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
jax = pytest.importorskip("jax")

REDUCTIONS = ("none", "sum", "batchmean", "mean")
TEMPERATURES = (1.0, 2.0, 3.0)
OTHERS = (2, 6, 4)
SIZE = 7

pytestmark = [
    pytest.mark.filterwarnings("ignore:reduction='mean'"),
    # Every tracer of torch warns of itself, and of shapes that are compared.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
    pytest.mark.filterwarnings("ignore:Exporting a model while it is in training mode"),
    pytest.mark.filterwarnings("ignore:# The axis name"),
    pytest.mark.filterwarnings("ignore:.*treespec.*"),
    pytest.mark.filterwarnings("ignore:The feature will be removed"),
    pytest.mark.filterwarnings("ignore:You are using the legacy TorchScript"),
]


def few_losses(input, target, where):
    """Every public function once or twice: a flat tuple of arrays."""
    log, rows = {"log_target": True}, where[:, :1]
    results = [*kl_div_gradient(input, target, **log, reduction="batchmean", upstream=2.0)]
    results += kl_div_with_logits_gradient(input, target, temperature=2.0)
    results += js_div_with_logits_gradient(input, target, where=where[:, 0], reduction="mean")
    results += [
        kl_div(input, target, **log, reduction="none"),
        kl_div(input, target, **log, where=where, reduction="mean"),
        KLDivLoss(**log, axis=1, reduction="mean")(input, target, where=where[:, 0]),
        kl_div_with_logits(input, target, where=rows, reduction="batchmean"),
        js_div_with_logits(input, target, beta=0.25, temperature=3.0, reduction="sum"),
        *of_parts(input, target),
    ]
    return tuple(results)


def of_parts(input, target):
    """Losses of a teacher that is known in part, and from hidden states."""
    indices, head = input.argsort(-1)[:, :3], target.T @ input
    known = {"indices": indices, "tail": "renormalize"}
    return [
        js_div(input, target, log_target=True, reduction="sum"),
        sparse_kl_div_with_logits(input, indices, target[:, :3], tail="renormalize"),
        linear_kl_div(input, head, target, reduction="sum"),
        linear_kl_div(input, head, target[:, :3], **known),
    ]


def of_parts_of_three(input, target, where):
    """The same for all that takes three operands."""
    del where
    return tuple(of_parts(input, target))


def every_loss(input, target, where):
    """Every public loss, by each reduction and temperature: a flat tuple of arrays."""
    results = [*kl_div_gradient(input, target, log_target=True, reduction="sum", upstream=2.0)]
    results += kl_div_with_logits_gradient(input, target, temperature=2.0)
    results += js_div_with_logits_gradient(input, target, where=where[:, 0], reduction="mean")
    rows = where[:, :1]
    for reduction in REDUCTIONS:
        results += [
            kl_div(input, target, log_target=True, reduction=reduction),
            kl_div(input, target, log_target=True, where=where, reduction=reduction),
            KLDivLoss(log_target=True, axis=1, reduction=reduction)(
                input, target, where=where[:, 0]
            ),
            kl_div_gradient(input, target, log_target=True, reduction=reduction)[1],
            kl_div_with_logits(input, target, where=rows, reduction=reduction),
            js_div_with_logits(input, target, beta=0.25, reduction=reduction),
        ]
        for temperature in TEMPERATURES:
            options = {"temperature": temperature, "reduction": reduction}
            squared = {"scale_by_temperature_squared": True, **options}
            results += [
                kl_div_with_logits(input, target, **options),
                js_div_with_logits(input, target, **squared),
            ]
    results += of_parts(input, target)
    return tuple(results)


LONG = pytest.mark.long
OF_LOSSES = pytest.mark.parametrize("losses", [few_losses, pytest.param(every_loss, marks=LONG)])
OF_EXAMPLES = pytest.mark.parametrize(
    "example", [4, *(pytest.param(batch, marks=LONG) for batch in (1, 9))]
)


def operands(batch):
    """Input, target and mask of some batch."""
    generator = np.random.default_rng(batch)
    logits = generator.normal(size=(2, batch, SIZE)).astype("float32")
    return logits[0], logits[1], generator.random((batch, SIZE)) > 0.2


def tensors(batch):
    return tuple(map(torch.from_numpy, operands(batch)))


def assert_equal_eager(losses, function):
    for batch in OTHERS:
        for one, other in zip(function(batch), losses(*tensors(batch)), strict=True):
            np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=2e-5, atol=1e-6)


class Losses(torch.nn.Module):
    """The losses as a model; torch.onnx.export takes no function."""

    def __init__(self, losses):
        super().__init__()
        self.losses = losses

    def forward(self, input, target, where):
        return self.losses(input, target, where)


def dynamic_batch():
    batch = torch.export.Dim("batch", min=1)
    return {name: {0: batch} for name in ("input", "target", "where")}


@functools.cache
def exported(losses, batch):
    # torch.export takes an example of size 1 for a constant, unless it is told not to look.
    with torch.fx.experimental._config.patch(backed_size_oblivious=batch == 1):
        return torch.export.export(Losses(losses), tensors(batch), dynamic_shapes=dynamic_batch())


@pytest.mark.long
@OF_LOSSES
@OF_EXAMPLES
def test_exported_program_of_another_batch_equals_eager(losses, example):
    program = exported(losses, example).module()
    assert_equal_eager(losses, lambda batch: program(*tensors(batch)))


@pytest.mark.long
@pytest.mark.parametrize("strict", [False, True])
def test_what_is_exported_runs_without_this_package(strict):
    program = torch.export.export(Losses(of_parts_of_three), tensors(4), strict=strict)
    traced = torch.jit.trace(of_parts_of_three, tensors(4), check_trace=False)
    for recorded in (program.graph, traced.graph):
        assert "kldiv_xp" not in re.sub("# .*", "", str(recorded))


@pytest.mark.long
@OF_LOSSES
@OF_EXAMPLES
def test_onnx_of_another_batch_equals_eager(losses, example):
    program = torch.onnx.export(exported(losses, example), dynamo=True, verbose=False)
    assert_equal_eager(losses, onnx_function(program.model_proto.SerializeToString()))


@pytest.mark.long
@OF_LOSSES
@OF_EXAMPLES
def test_onnx_of_torchscript_of_another_batch_equals_eager(losses, example):
    stream = io.BytesIO()
    names = ["input", "target", "where"]
    axes = {name: {0: "batch"} for name in names}
    options = {"dynamo": False, "input_names": names, "dynamic_axes": axes}
    torch.onnx.export(Losses(losses), tensors(example), stream, **options)
    assert_equal_eager(losses, onnx_function(stream.getvalue()))


def onnx_function(model):
    session = onnxruntime.InferenceSession(model)
    names = [one.name for one in session.get_inputs()]
    return lambda batch: session.run(None, dict(zip(names, operands(batch), strict=True)))


@pytest.mark.long
@OF_LOSSES
@OF_EXAMPLES
def test_torchscript_trace_of_another_batch_equals_eager(losses, example):
    traced = torch.jit.trace(losses, tensors(example), check_trace=False)
    assert_equal_eager(losses, lambda batch: traced(*tensors(batch)))


@pytest.fixture
def compiled(losses):
    """The losses as one graph for batches of all sizes: another compilation is an error."""
    torch.compiler.reset()
    # What Dynamo decides is asked here; compiling its graph takes minutes and decides nothing more.
    with torch._dynamo.config.patch(error_on_recompile=True):
        yield torch.compile(losses, dynamic=True, fullgraph=True, backend="eager")


@pytest.mark.long
@OF_LOSSES
def test_compiled_function_has_one_graph_for_all_batches(losses, compiled):
    assert_equal_eager(losses, lambda batch: compiled(*tensors(batch)))


@pytest.mark.long
@OF_LOSSES
def test_compiled_derivatives_have_one_graph_for_all_batches(losses, compiled):
    def derivatives(function, batch):
        *leaves, where = tensors(batch)
        leaves = [leaf.requires_grad_() for leaf in leaves]
        total = sum(torch.sum(one * one) for one in function(*leaves, where))
        return torch.autograd.grad(total, leaves)

    for batch in OTHERS:
        pairs = zip(derivatives(compiled, batch), derivatives(losses, batch), strict=True)
        for one, other in pairs:
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.long
@pytest.mark.parametrize("beta", [0.25, 1])
def test_compiled_masks_of_several_divergences_are_constants_of_one_graph(beta):
    def both(input, target, where):
        options = {"where": where[:, :1], "beta": beta, "temperature": 2.0}
        pairs = (input, target), (target, input)
        return sum(js_div_with_logits(*pair, **options) for pair in pairs)

    torch.compiler.reset()
    function = torch.compile(both, dynamic=True, fullgraph=True, backend="eager")
    for batch in OTHERS:
        *leaves, where = tensors(batch)
        leaves = [leaf.requires_grad_() for leaf in leaves]
        values = [one(*leaves, where) for one in (function, both)]
        torch.testing.assert_close(*values)
        torch.testing.assert_close(*[torch.autograd.grad(value, leaves) for value in values])


@pytest.mark.long
@OF_LOSSES
def test_jax_export_of_symbolic_batch_equals_eager(losses):
    (batch,) = jax.export.symbolic_shape("batch")
    symbolic = [
        jax.ShapeDtypeStruct((batch, SIZE), dtype) for dtype in ("float32", "float32", "bool")
    ]
    function = jax.export.export(jax.jit(losses))(*symbolic)
    assert_equal_eager(losses, lambda size: function.call(*operands(size)))
    gradient = jax.grad(lambda *arrays: sum(one.sum() for one in losses(*arrays)), (0, 1))
    exported_gradient = jax.export.export(jax.jit(gradient))(*symbolic)
    for size in OTHERS:
        *leaves, where = tensors(size)
        leaves = [leaf.requires_grad_() for leaf in leaves]
        total = sum(one.sum() for one in losses(*leaves, where))
        expected = torch.autograd.grad(total, leaves)
        for one, other in zip(exported_gradient.call(*operands(size)), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
