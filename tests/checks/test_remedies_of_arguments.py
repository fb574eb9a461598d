"""Every array argument in a wrong container: the remedies are followed until the loss is right."""

import re

import numpy as np
import pytest
from checks.following_remedies import Table
from conftest import usable
from numpy.testing import assert_allclose
from words import follow

from kldiv_xp import (
    diagnose,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

RNG = np.random.default_rng(23)
HIDDEN, WEIGHT, BIAS = RNG.normal(size=(2, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=4)
LOGITS, TARGET = RNG.normal(size=(2, 2, 4))
OF_TEACHER, TARGET_WEIGHT = RNG.normal(size=(2, 2)), RNG.normal(size=(4, 2))
PLACES, P = np.asarray([[0, 2], [1, 3]]), np.asarray([[0.25, 0.5], [0.5, 0.25]])
Q = np.full((2, 4), 0.25)
MASK = np.asarray([True, False])


def of_torch(values):
    return pytest.importorskip("torch").tensor(values)


def of_jax(values):
    return pytest.importorskip("jax.numpy").asarray(values)


CONTAINERS = {
    "a list": lambda values: values.tolist(),
    "a tuple": lambda values: tuple(map(tuple, values.tolist())) if values.ndim > 1 else (*values,),
    "a table": Table,
    "an array of NumPy": lambda values: values,
    "a masked array": np.ma.array,
    "a tensor of torch": of_torch,
    "an array of JAX": of_jax,
}
PART = {"input": LOGITS, "indices": PLACES, "target": P}
HEAD = {"input": HIDDEN, "weight": WEIGHT, "target": TARGET, "bias": BIAS}
TWO = HEAD | {"target": OF_TEACHER, "target_weight": TARGET_WEIGHT, "target_bias": BIAS}
HEAD_OF_PART = HEAD | {"target": P, "indices": PLACES}
GIVEN = {"target_is": "probabilities"}
# Function, operands, options, and the arguments that are put into other containers.
CALLS = {
    "kl_div": (kl_div, {"input": np.log(Q), "target": Q, "where": np.tile(MASK, (4, 1)).T},
               {"reduction": "sum"}, ("input", "target", "where")),
    "kl_div_gradient": (
        kl_div_gradient, {"input": np.log(Q), "target": Q, "upstream": LOGITS},
        {"reduction": "none"}, ("upstream",)),
    "kl_div_gradient of ints": (
        kl_div_gradient,
        {"input": np.log(Q), "target": Q, "upstream": np.arange(8).reshape(2, 4)},
        {"reduction": "none"}, ("upstream",)),
    "kl_div_with_logits": (
        kl_div_with_logits, {"input": LOGITS, "target": TARGET, "where": MASK}, {}, ("where",)),
    "sparse_kl_div_with_logits": (
        sparse_kl_div_with_logits, PART | {"where": MASK}, GIVEN,
        ("input", "indices", "target", "where")),
    "linear_kl_div": (linear_kl_div, HEAD | {"where": MASK}, {}, (*HEAD, "where")),
    "linear_kl_div of two models": (
        linear_kl_div, TWO, {}, ("target", "target_weight", "target_bias")),
    "linear_kl_div of a part": (linear_kl_div, HEAD_OF_PART, GIVEN, ("indices",)),
    "diagnose": (diagnose, PART, GIVEN, ("indices",)),
    "diagnose of a head": (diagnose, HEAD_OF_PART, GIVEN, ("indices", "weight", "bias")),
}  # fmt: skip
WALKED = [(call, name) for call, (*_, names) in CALLS.items() for name in names]
REMEDY = r"(?:convert it with|pass|convert one of them,|e\.g\.) (.+?)"
REMEDY += r"(?:, (?:and say|with where=).*)?\.$"


def made(backend, values):
    if values.dtype == bool:
        return backend.array(values) != 0
    return backend.make(values, str(values.dtype))


def answer(function, operands, options):
    rest = dict(operands)
    return function(rest.pop("input"), **rest, **options)


def mended(function, operands, options):
    """Answer once all remedies are followed, and those remedies; none may come twice."""
    followed = []
    while len(followed) == len(set(followed)):
        try:
            return answer(function, operands, options), followed
        except (TypeError, ValueError) as error:
            followed.append(re.search(REMEDY, str(error))[1])
            operands = follow(followed[-1], **operands)
    raise AssertionError(followed)


def first(found):
    return found[0] if isinstance(found, tuple) else found


@pytest.mark.few(14, 46)
@pytest.mark.parametrize("library", ["numpy", "torch", "jax", "dask"])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("call", "name"), WALKED, ids=lambda one: one)
def test_remedies_of_an_argument_lead_to_the_loss(library, container, call, name):
    backend = usable(library)
    function, operands, options, _ = CALLS[call]
    given = {one: made(backend, values) for one, values in operands.items()}
    given[name] = CONTAINERS[container](operands[name])
    found, followed = mended(function, given, options)
    upstream = {"upstream": operands["upstream"] + 0.0} if "upstream" in operands else {}
    right = answer(function, operands | upstream, options)
    if function is diagnose:
        assert bool(found) == bool(right)
    else:
        assert_allclose(np.asarray(first(found)), first(right), rtol=1e-6)
    if name in {"indices", "where"}:
        assert not any("dtype" in one for one in followed)


@pytest.mark.parametrize("name", ["input", "target"])
def test_a_list_of_floats_beside_integers_keeps_its_floats(name):
    operands = {"input": np.log(P), "target": P}
    other = ({*operands} - {name}).pop()
    given = operands | {name: operands[name].tolist(), other: np.ones((2, 2), int)}
    with pytest.raises(TypeError, match="must be an array") as caught:
        kl_div(**given, reduction="sum")
    code = re.search(REMEDY, str(caught.value))[1]
    assert code == f"numpy.asarray({name})"
    assert_allclose(follow(code, **given)[name], operands[name])
