"""kldiv_xp.torch.KLDivLoss: a module like others, set, copied, saved, cast and contained."""

import copy
import pickle

import numpy as np
import pytest
from api.torch_student import OURS, KLDivLoss, lesson, operands, student, torch

import kldiv_xp


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
