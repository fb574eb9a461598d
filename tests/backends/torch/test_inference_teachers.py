"""Teachers whose tensors inference mode made, in eager and compiled losses of all kinds."""

import pytest
from backends.torch.losses import LOSSES, operands, torch

LEARNED = ("input", "hidden", "weight", "bias")
KINDS = {
    "whole": lambda one: one.clone(),
    "view": lambda one: torch.stack([one, one])[1],
    "strided": lambda one: torch.stack([one, one], -1)[..., 0],
}


def step_of(loss, tensors):
    """Value, and derivatives by what is learned."""
    learning = {
        name: one.clone().requires_grad_() if name in LEARNED else one
        for name, one in tensors.items()
    }
    value = loss(learning)
    value.backward()
    return value.detach(), [learning[name].grad for name in LEARNED]


OLD = tuple(map(int, torch.__version__.split(".")[:2])) < (2, 13)


@pytest.mark.long
@pytest.mark.skipif(OLD, reason="torch before 2.13 refuses them in every compiled program")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LOSSES)
def test_teachers_of_inference_mode_are_those_of_no_grad(name, kind):
    """Compiled operators kept them by autograd, which refuses them."""
    torch.compiler.reset()
    tensors = operands()
    with torch.inference_mode():
        made = {key: KINDS[kind](one) for key, one in tensors.items() if key not in LEARNED}

    def loss(tensors):
        return LOSSES[name](tensors)

    expected = step_of(loss, tensors)
    for function in (loss, torch.compile(loss, backend="aot_eager", fullgraph=True)):
        found = step_of(function, {**tensors, **made})
        torch.testing.assert_close(found, expected)
    torch.compiler.reset()


TEACHERS = ("target", "known", "states")
REMEDIES = {
    "no_grad": (torch.no_grad, lambda made: made),
    "clone": (torch.inference_mode, torch.clone),
}


@pytest.mark.long
@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize("name", LOSSES)
def test_remedies_for_what_a_program_computes_of_a_teacher_first(name, remedy):
    torch.compiler.reset()
    tensors, (mode, function) = operands(), REMEDIES[remedy]

    def loss(tensors):
        return LOSSES[name]({**tensors, **{key: tensors[key] * 1.0 for key in TEACHERS}})

    expected = step_of(loss, tensors)
    with mode():
        made = {key: tensors[key] * 1.0 for key in TEACHERS}
    assert made["target"].is_inference() == (mode is torch.inference_mode)
    teachers = {key: function(one) for key, one in made.items()}
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(step_of(compiled, {**tensors, **teachers}), expected)
    torch.compiler.reset()


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_teacher_that_is_written_again_before_backward_gives_no_wrong_gradient(name, compiled):
    """A compiled loss gave the gradient beside the new teacher, without a word."""
    torch.compiler.reset()
    tensors = operands()
    _, expected = step_of(LOSSES[name], tensors)
    loss = torch.compile(LOSSES[name], backend="aot_eager") if compiled else LOSSES[name]
    learning = {
        key: one.requires_grad_() if key in LEARNED else one for key, one in tensors.items()
    }
    value = loss(learning)
    for teacher in TEACHERS:
        tensors[teacher].add_(1.0)
    try:
        value.backward()
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error)  # noqa: PT017 - it may be right
    else:
        torch.testing.assert_close([learning[key].grad for key in LEARNED], expected)
