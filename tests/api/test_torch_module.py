"""kldiv_xp.torch.KLDivLoss: a module in the place of torch.nn.KLDivLoss."""

import copy
import importlib.util
import inspect
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import free_port

import kldiv_xp
from kldiv_xp import KLDivWarning

torch = pytest.importorskip("torch", reason="torch is not installed")

from kldiv_xp.torch import KLDivLoss  # noqa: E402 - only where torch is installed

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])
FLAGS = pytest.mark.parametrize("flag", [None, True, False])
OTHER_FLAGS = pytest.mark.parametrize("other", [None, True, False])
# torch says the same of 'mean' in a UserWarning of its own.
BOTH_WARN_OF_MEAN = pytest.mark.filterwarnings(
    "ignore::kldiv_xp.KLDivWarning", "ignore:reduction. 'mean' divides:UserWarning"
)
TORCH_WARNS_OF_FLAGS = pytest.mark.filterwarnings("ignore:size_average and reduce args:UserWarning")
OURS_WARNS_OF_FLAGS = pytest.mark.filterwarnings(
    "ignore:size_average and reduce:DeprecationWarning"
)
# torch.export copies what torch itself deprecates.
EXPORT_DEPRECATES = pytest.mark.filterwarnings(
    "ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning"
)


class Student(torch.nn.Module):
    """A linear classifier and its loss, in one module."""

    def __init__(self, loss):
        super().__init__()
        self.linear = torch.nn.Linear(5, 3)
        self.loss = loss

    def forward(self, features, target):
        return self.loss(torch.log_softmax(self.linear(features), dim=-1), target)


def student(loss=None):
    """The same student every time."""
    torch.manual_seed(3)
    return Student(loss or KLDivLoss(reduction="batchmean"))


def lesson(rows=8):
    """Features, and what a teacher says of them."""
    generator = torch.Generator().manual_seed(5)
    features = torch.randn(rows, 5, generator=generator)
    return features, torch.softmax(features @ torch.randn(5, 3, generator=generator), dim=-1)


def operands(*, log_target=False):
    generator = torch.Generator().manual_seed(9)
    logits = torch.randn(2, 6, 4, generator=generator, dtype=torch.float64)
    log_q, log_p = torch.log_softmax(logits, dim=-1)
    return log_q, log_p if log_target else log_p.exp()


def value_and_gradients(loss, input, target):
    arrays = input.clone().requires_grad_(), target.clone().requires_grad_()
    value = loss(*arrays)
    return value.detach(), *torch.autograd.grad(value.sum(), arrays)


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)


def trained(loss, steps=50):
    """Losses on the way, and the parameters after it."""
    model = student(loss)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    features, target = lesson()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = model(features, target)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return losses, model.state_dict()


# In the place of torch.nn.KLDivLoss


OURS = ("log_input", "generalized", "axis", "dtype", "reproducible")


def test_arguments_have_the_positions_of_torch():
    parameters = inspect.signature(KLDivLoss).parameters
    theirs = list(inspect.signature(torch.nn.KLDivLoss).parameters.values())
    assert list(parameters) == [*[parameter.name for parameter in theirs], *OURS]
    assert {parameters[name].kind for name in OURS} == {inspect.Parameter.KEYWORD_ONLY}
    assert [parameters[p.name].default for p in theirs] == [p.default for p in theirs]


@BOTH_WARN_OF_MEAN
@BOTH_SPACES
def test_value_and_gradients_are_those_of_torch(reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    ours, theirs = KLDivLoss(**options), torch.nn.KLDivLoss(**options)
    arrays = operands(log_target=log_target)
    expected = value_and_gradients(theirs, *arrays)
    torch.testing.assert_close(value_and_gradients(ours, *arrays), expected)


@BOTH_WARN_OF_MEAN
@TORCH_WARNS_OF_FLAGS
@OURS_WARNS_OF_FLAGS
@FLAGS
@OTHER_FLAGS
def test_legacy_flags_mean_what_they_mean_to_torch(flag, other):
    ours, theirs = KLDivLoss(flag, other, "sum"), torch.nn.KLDivLoss(flag, other, "sum")
    assert (ours.reduction, ours.log_target) == (theirs.reduction, theirs.log_target)
    torch.testing.assert_close(ours(*operands()), theirs(*operands()))


def test_training_with_it_ends_where_training_with_that_of_torch_ends():
    losses, parameters = trained(KLDivLoss(reduction="batchmean"))
    expected, theirs = trained(torch.nn.KLDivLoss(reduction="batchmean"))
    assert losses[-1] < losses[0] / 10
    close(losses, expected)
    close(parameters, theirs)


# What it adds to torch


def test_axis_and_where_are_those_of_the_loss_for_every_library():
    log_q, p = operands()
    where = torch.arange(6)[:, None] < 4
    module = KLDivLoss(axis=-1)
    expected = kldiv_xp.KLDivLoss(axis=-1)(log_q, p, where=where)
    assert torch.equal(module(log_q, p, where=where), expected)
    close(module(log_q, p, where=where), module(log_q[:4], p[:4]))


def test_legacy_arguments_warn_once_at_construction_at_the_line_of_the_caller():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        loss = KLDivLoss(size_average=False, reduce=True)
        loss(*operands())
    assert loss.reduction == "sum"
    assert [(w.category, w.filename, w.lineno) for w in caught] == [
        (DeprecationWarning, __file__, line)
    ]


def test_mean_warns_when_called_at_the_line_of_the_caller():
    loss = KLDivLoss()
    arrays = operands()
    hook = loss.register_forward_hook(lambda *_: None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        line = inspect.currentframe().f_lineno + 1
        loss(*arrays)
        hook.remove()
        loss(*arrays)
    assert [(w.category, w.filename, w.lineno) for w in caught] == [
        (KLDivWarning, __file__, line),
        (KLDivWarning, __file__, line + 2),
    ]


def test_wrong_options_raise_at_construction_what_the_loss_for_every_library_raises():
    for options in ({"reduction": "avg"}, {"log_target": "yes"}, {"axis": "rows"}):
        with pytest.raises((TypeError, ValueError)) as expected:
            kldiv_xp.KLDivLoss(**options)
        with pytest.raises(expected.type) as caught:
            KLDivLoss(**options)
        assert str(caught.value) == str(expected.value)


# A module like others


def test_state_dict_is_empty():
    loss = KLDivLoss(reduction="sum")
    assert loss.state_dict() == {}
    assert not [*loss.parameters(), *loss.buffers(), *loss.children()]
    model = student(loss)
    assert set(model.state_dict()) == {"linear.weight", "linear.bias"}
    student(torch.nn.KLDivLoss()).load_state_dict(model.state_dict(), strict=True)


def test_repr_shows_what_would_build_it():
    loss = KLDivLoss(reduction="sum", log_target=True, axis=(0, -1))
    assert repr(loss) == "KLDivLoss(reduction='sum', log_target=True, axis=(0, -1))"
    assert repr(eval(repr(loss))) == repr(loss)
    assert f"(loss): {loss!r}" in repr(student(loss))


def test_it_is_a_loss_of_torch():
    loss = KLDivLoss(reduction="sum")
    assert isinstance(loss, torch.nn.KLDivLoss)
    assert vars(loss).keys() - set(OURS) == vars(torch.nn.KLDivLoss(reduction="sum")).keys()


def test_module_that_was_pickled_without_the_later_options_has_their_defaults():
    loss, arrays = KLDivLoss(reduction="sum"), operands(log_target=False)
    expected = loss(*arrays)
    for name in set(OURS) - {"axis"}:
        del loss.__dict__[name]
    assert torch.equal(pickle.loads(pickle.dumps(loss))(*arrays), expected)


def test_options_that_are_set_later_are_those_of_the_call():
    loss = KLDivLoss(reduction="sum")
    loss.reduction, loss.log_target, loss.axis = "none", True, -1
    assert repr(loss) == "KLDivLoss(reduction='none', log_target=True, axis=-1)"
    arrays = operands(log_target=True)
    expected = KLDivLoss(reduction="none", log_target=True, axis=-1)(*arrays)
    assert torch.equal(loss(*arrays), expected)


@pytest.mark.parametrize(
    ("name", "value"), [("reduction", "avg"), ("log_target", "yes"), ("axis", "rows")]
)
def test_wrong_options_raise_when_they_are_set_what_they_raise_at_construction(name, value):
    loss = KLDivLoss(reduction="sum")
    with pytest.raises((TypeError, ValueError)) as expected:
        kldiv_xp.KLDivLoss(**{name: value})
    with pytest.raises(expected.type) as caught:
        setattr(loss, name, value)
    assert str(caught.value) == str(expected.value)
    assert repr(loss) == repr(KLDivLoss(reduction="sum"))


def test_a_subclass_sets_options_after_construction():
    class Distillation(KLDivLoss):
        def __init__(self, weight):
            super().__init__(log_target=True)
            self.weight = weight
            self.reduction = "batchmean"

        def forward(self, input, target):
            return self.weight * super().forward(input, target)

    arrays = operands(log_target=True)
    expected = 2 * KLDivLoss(reduction="batchmean", log_target=True)(*arrays)
    assert torch.equal(Distillation(2)(*arrays), expected)


@pytest.mark.parametrize("axis", [None, -1, (0, 1), np.int64(1), (np.int8(0), 1)])
def test_it_is_loaded_as_weights_with_its_one_name_allowed(tmp_path, axis):
    loss = KLDivLoss(reduction="sum", log_target=True, axis=axis)
    torch.save(loss, tmp_path / "loss.pt")
    with torch.serialization.safe_globals([KLDivLoss]):
        loaded = torch.load(tmp_path / "loss.pt", weights_only=True)
    assert type(loaded) is KLDivLoss
    assert repr(loaded) == repr(loss)


def test_copies_and_pickles_compute_the_same():
    loss = KLDivLoss(reduction="none", log_target=True, axis=-1)
    arrays = operands(log_target=True)
    copies = [copy.copy(loss), copy.deepcopy(loss), copy.deepcopy(student(loss)).loss]
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    copies += [pickle.loads(pickle.dumps(loss, protocol)) for protocol in protocols]
    for other in copies:
        assert type(other) is KLDivLoss
        assert repr(other) == repr(loss)
        assert torch.equal(other(*arrays), loss(*arrays))


@pytest.mark.parametrize("type_", ["float16", "bfloat16", "float32", "float64"])
def test_casting_the_model_casts_its_loss(type_):
    dtype = getattr(torch, type_)
    model = student().to(dtype)
    features, target = lesson()
    value = model(features.to(dtype), target.to(dtype))
    value.backward()
    assert value.dtype == model.linear.weight.grad.dtype == dtype
    assert repr(model.loss) == repr(KLDivLoss(reduction="batchmean"))


def test_shortcuts_of_casting_leave_the_loss_as_it_is():
    loss = KLDivLoss(reduction="sum")
    assert loss.half() is loss.double() is loss.cpu() is loss.eval() is loss
    assert not loss.training
    assert loss(*operands()).dtype == torch.float64


def test_a_model_on_the_meta_device_has_a_loss_without_a_value():
    model = student().to("meta")
    value = model(*[array.to("meta") for array in lesson()])
    assert (value.device.type, value.shape) == ("meta", ())


def test_it_stands_in_containers():
    class Pipeline(torch.nn.Sequential):
        def forward(self, features, target):
            *layers, loss = self
            for layer in layers:
                features = layer(features)
            return loss(features, target)

    linear = student().linear
    loss = KLDivLoss(reduction="batchmean")
    pipeline = Pipeline(linear, torch.nn.LogSoftmax(dim=-1), loss)
    assert torch.equal(pipeline(*lesson()), student(loss)(*lesson()))
    assert torch.nn.ModuleDict({"loss": loss})["loss"] is loss
    assert torch.nn.ModuleList([loss])[0] is loss


# Mixed precision


def test_autocast_gives_the_type_of_the_loss_of_torch():
    features, target = lesson()
    for dtype in (torch.float32, torch.bfloat16):
        model = student()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model.linear(features)
            logits.retain_grad()
            log_q = torch.log_softmax(logits, dim=-1).to(torch.bfloat16)
            value = model.loss(log_q, target.to(dtype))
            reference = torch.nn.KLDivLoss(reduction=model.loss.reduction)
            theirs = reference(log_q, target.to(dtype))
        value.backward()
        assert value.dtype == theirs.dtype == torch.float32
        torch.testing.assert_close(value, theirs)
        assert torch.isfinite(value)
        assert logits.dtype == logits.grad.dtype == torch.bfloat16
        assert model.linear.weight.grad.dtype == torch.float32
        assert torch.isfinite(model.linear.weight.grad).all()


# Many processes

RANK = """
import os
import sys
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from test_torch_module import lesson, student

torch.set_num_threads(1)
dist.init_process_group("gloo")
rank = dist.get_rank()
model = DistributedDataParallel(student())
features, target = lesson()
model(features[rank::2], target[rank::2]).backward()
torch.save([p.grad for p in model.parameters()], f"{sys.argv[1]}/{rank}.pt")
dist.barrier()
# Threads of torch that end late: "terminate called without an active exception", once in a load.
os._exit(0)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()),
    reason="this torch has no gloo",
)
def test_gradients_of_two_processes_are_those_of_one_on_the_whole_batch(tmp_path):
    shared = os.environ | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": "2",
        "OMP_NUM_THREADS": "1",
        "KLDIV_XP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
    }
    command = [sys.executable, "-c", RANK, str(tmp_path)]
    ranks = [
        subprocess.Popen(
            command, env=shared | {"RANK": rank}, text=True, stdout=-1, stderr=subprocess.STDOUT
        )
        for rank in "01"
    ]
    try:
        said = [process.communicate(timeout=180)[0] for process in ranks]
    finally:
        for process in ranks:
            process.kill()
            process.wait()
    assert [process.returncode for process in ranks] == [0, 0], "\n".join(said)
    whole = student()
    whole(*lesson()).backward()
    for rank in "01":
        close(torch.load(tmp_path / f"{rank}.pt"), [p.grad for p in whole.parameters()])


# Traced


@pytest.mark.cases(2)
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


@pytest.mark.slow
@EXPORT_DEPRECATES
@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="onnxscript or onnxruntime is not installed",
)
def test_a_model_in_onnx_computes_the_same(tmp_path):
    import onnxruntime

    model = student().eval()
    features, target = lesson()
    target[0] = torch.tensor([0.0, 0.25, 0.75])
    path = tmp_path / "student.onnx"
    torch.onnx.export(model, (features, target), path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [argument.name for argument in session.get_inputs()]
    feeds = dict(zip(names, (features.numpy(), target.numpy()), strict=True))
    (found,) = session.run(None, feeds)
    np.testing.assert_allclose(found, model(features, target).detach().numpy(), rtol=1e-6)


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


# The module of the package


@pytest.mark.parametrize("section", ["Parameters", "Raises", "Warns", "See Also", "Examples"])
def test_docstring_has_its_sections(section):
    assert f"\n{section}\n{'-' * len(section)}\n" in inspect.getdoc(KLDivLoss)


def python(program):
    """What a program says in a fresh interpreter, and of its failure."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_importing_the_package_does_not_import_it():
    said = python("import sys, kldiv_xp; print({'torch', 'kldiv_xp.torch'} & set(sys.modules))")
    assert said == "set()\n"


def test_importing_it_without_torch_says_that_torch_is_missing():
    said = python("import sys; sys.modules['torch'] = None; import kldiv_xp.torch")
    assert "ModuleNotFoundError: import of torch halted" in said
