"""kldiv_xp.torch.KLDivLoss in models that are compiled, exported, scripted and traced."""

import importlib.util

import numpy as np
import pytest
from api.torch_student import BOTH_SPACES, KLDivLoss, close, lesson, operands, student, torch

from kldiv_xp.torch import JSDivWithLogitsLoss, KLDivWithLogitsLoss

# torch.export copies what torch itself deprecates.
EXPORT_DEPRECATES = pytest.mark.filterwarnings(
    "ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning"
)


@pytest.mark.cases(0, 2)
@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
def test_a_compiled_model_has_the_same_gradients(reduction):
    features, target = lesson()
    torch.compiler.reset()
    eager, model = student(KLDivLoss(reduction=reduction)), student(KLDivLoss(reduction=reduction))
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    found, expected = compiled(features, target), eager(features, target)
    close(found, expected)
    found.sum().backward()
    expected.sum().backward()
    close(model.linear.weight.grad, eager.linear.weight.grad)


@pytest.mark.few(1, 1)
@EXPORT_DEPRECATES
@BOTH_SPACES
def test_an_exported_model_computes_the_same_for_any_batch(log_target):
    model = student(KLDivLoss(reduction="batchmean", log_target=log_target))
    features, target = lesson()
    target = target.log() if log_target else target
    shapes = [{0: torch.export.Dim("batch")}] * 2
    program = torch.export.export(model, (features, target), dynamic_shapes=shapes)
    for rows in (8, 5):
        close(
            program.module()(features[:rows], target[:rows]), model(features[:rows], target[:rows])
        )


NEEDS_ONNX = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="onnxscript or onnxruntime is not installed",
)


def by_onnx(model, operands, path):
    """Output of a model that was exported with these operands, by ONNX Runtime."""
    import onnxruntime

    torch.onnx.export(model.eval(), operands, path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [argument.name for argument in session.get_inputs()]
    feeds = {name: one.numpy() for name, one in zip(names, operands, strict=True)}
    (found,) = session.run(None, feeds)
    return found


@pytest.mark.long
@EXPORT_DEPRECATES
@NEEDS_ONNX
def test_a_model_in_onnx_computes_the_same(tmp_path):
    model = student().eval()
    features, target = lesson()
    target[0] = torch.tensor([0.0, 0.25, 0.75])
    found = by_onnx(model, (features, target), tmp_path / "student.onnx")
    np.testing.assert_allclose(found, model(features, target).detach().numpy(), rtol=1e-6)


@pytest.mark.long
@EXPORT_DEPRECATES
@NEEDS_ONNX
@pytest.mark.parametrize(
    "loss",
    [KLDivWithLogitsLoss(temperature=3.0), JSDivWithLogitsLoss(), JSDivWithLogitsLoss(beta=0.2)],
    ids=str,
)
def test_a_loss_of_nearly_equal_logits_in_onnx_computes_the_same(tmp_path, loss):
    logits = torch.linspace(-3, 3, 40).reshape(2, 20)
    target = logits + 1e-4 * torch.sin(torch.arange(40.0)).reshape(2, 20)
    found = by_onnx(loss, (logits, target), tmp_path / "loss.onnx")
    np.testing.assert_allclose(found, loss(logits.double(), target.double()), rtol=1e-5)


# TorchScript

SCRIPT_IS_DEPRECATED = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


@SCRIPT_IS_DEPRECATED
@pytest.mark.parametrize("axis", [None, -1, (0, 1)])
@BOTH_SPACES
def test_a_scripted_loss_computes_the_same(axis, log_target):
    loss = KLDivLoss(reduction="sum", log_target=log_target, axis=axis)
    arrays = operands(log_target=log_target)
    scripted = torch.jit.script(loss)
    where = torch.arange(6)[:, None].expand(6, 4) < 4
    assert torch.equal(scripted(*arrays), loss(*arrays))
    assert torch.equal(scripted(*arrays, where=where), loss(*arrays, where=where))


@SCRIPT_IS_DEPRECATED
def test_a_scripted_model_has_the_same_gradients():
    eager, model = student(), student()
    scripted = torch.jit.script(model)
    features, target = lesson()
    found, expected = scripted(features, target), eager(features, target)
    assert torch.equal(found, expected)
    found.backward()
    expected.backward()
    close(model.linear.weight.grad, eager.linear.weight.grad)
    assert repr(model) == repr(eager)


@SCRIPT_IS_DEPRECATED
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python:torch.jit.TracerWarning")
def test_a_traced_model_computes_the_same_for_any_batch(reduction):
    model = student(KLDivLoss(reduction=reduction, axis=-1))
    features, target = lesson()
    traced = torch.jit.trace(model, (features, target))
    close(traced(features[:5], target[:5]), model(features[:5], target[:5]))


OPTIONS_THAT_CHANGE = {
    "temperature": (KLDivWithLogitsLoss, [1.0, 2.0, 3.0], -1.0),
    "beta": (JSDivWithLogitsLoss, [0.5, 0.25, 0.75], 2.0),
    "reduction": (KLDivWithLogitsLoss, ["sum", "batchmean"], "total"),
    "axis": (KLDivWithLogitsLoss, [0, -1], None),
}


@pytest.mark.slow
@pytest.mark.parametrize("option", OPTIONS_THAT_CHANGE)
@pytest.mark.cases(1)
def test_an_option_set_within_compiled_code_holds_there_and_after(option):
    kind, values, wrong = OPTIONS_THAT_CHANGE[option]
    loss, (features, target) = kind(), lesson()
    features = features[:, : target.shape[-1]]

    def changed(value):
        setattr(loss, option, value)
        return loss(features, target)

    torch.compiler.reset()
    whole = torch.compile(changed, fullgraph=True, backend="aot_eager")
    for value in values:
        close(whole(value), kind(**{option: value})(features, target))
        assert getattr(loss, option) == value
    torch.compiler.reset()
    with pytest.raises((TypeError, ValueError), match=f"^`{option}` must be"):
        torch.compile(changed, backend="aot_eager")(wrong)
    assert getattr(loss, option) == values[-1]
