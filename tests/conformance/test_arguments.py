"""A function is judged by what it has a name for; a default that it lacks is left out."""

import inspect
from dataclasses import dataclass
from functools import partial

import pytest

import kldiv_xp
from kldiv_conformance import ADAPTERS, Implementation, find, judge, vectors
from kldiv_conformance._arguments import DEFAULTS, is_default, names, taken
from kldiv_conformance._arguments import NotSupportedError as NotSupported
from kldiv_conformance._implementations import DIVERGENCES

NUMPY = ADAPTERS["numpy"]
OURS = {name: getattr(kldiv_xp, name) for name in DIVERGENCES}
OURS |= {f"{name}_gradient": getattr(kldiv_xp, f"{name}_gradient") for name in DIVERGENCES}
ASKED = [vector for vector in vectors() if vector.raises is None and vector.group != "sizes"]
FIRST = {"input", "target", "indices", "weight"}


def called(function):
    return getattr(kldiv_xp, function or "kl_div")


@pytest.mark.parametrize("function", DEFAULTS, ids=str)
def test_defaults_are_those_of_the_public_functions(function):
    public = inspect.signature(called(function)).parameters
    assert {name: public[name].default for name in DEFAULTS[function]} == DEFAULTS[function]


@pytest.mark.parametrize("function", DEFAULTS, ids=str)
def test_every_argument_that_a_vector_passes_has_a_default_or_is_the_reduction(function):
    of_it = [vector for vector in vectors() if vector.function == function]
    passed = {name for vector in of_it for name in vector.arguments}
    assert passed - set(DEFAULTS[function]) <= {"reduction", "reproducible"}


def bare(function, gradient=""):
    """Our function with no argument but the reduction, and what it passes on."""

    def without_options(input, target, *, reduction):
        return called(f"{function or 'kl_div'}{gradient}")(input, target, reduction=reduction)

    def of_three(input, indices, target, *, reduction):
        return called(f"{function}{gradient}")(input, indices, target, reduction=reduction)

    three = function in {"sparse_kl_div_with_logits", "linear_kl_div"}
    return of_three if three else without_options


@pytest.mark.few(1)
@pytest.mark.parametrize("function", DEFAULTS, ids=str)
def test_function_without_options_passes_what_asks_for_defaults_and_supports_no_more(function):
    beside = {function: bare(function), f"{function}_gradient": bare(function, "_gradient")}
    loss, gradient = bare(None), bare(None, "_gradient")
    implementation = Implementation("bare", loss, gradient, beside)
    judged = {"pass": 0, "not supported": 0}
    kinds = set()
    for vector in [it for it in ASKED if it.function == function]:
        outcome = judge(vector, NUMPY, implementation)
        judged[outcome.verdict] += 1
        if outcome.verdict == "pass":
            kinds.add(vector.kind)
            assert all(is_default(vector, *it) for it in without_reduction(vector))
    assert min(judged.values()) > 0, judged
    assert "value" in kinds


def without_reduction(vector):
    return [(name, value) for name, value in vector.arguments.items() if name != "reduction"]


def test_loss_of_logits_with_three_names_of_its_own_is_judged():
    def of_logits(input, target, *, temperature=1.0, reduction="batchmean", axis=-1):
        options = {"temperature": temperature, "reduction": reduction, "axis": axis}
        return kldiv_xp.kl_div_with_logits(input, target, **options)

    beside = {"kl_div_with_logits": of_logits}
    implementation = Implementation("three", kldiv_xp.kl_div, None, beside)
    of_it = [it for it in vectors("logits") if it.function in beside and it.kind == "value"]
    verdicts = [judge(vector, NUMPY, implementation).verdict for vector in of_it]
    assert verdicts.count("pass") > 20
    assert verdicts.count("failure") == 0


def test_default_of_its_own_cannot_hide_behind_ours():
    def hot(input, target, *, reduction, temperature=4.0):
        return kldiv_xp.kl_div_with_logits(input, target, reduction=reduction)

    vector = next(it for it in ASKED if it.function == "kl_div_with_logits")
    assert "temperature" in taken(hot, vector, vector.arguments)
    assert "reduction" in taken(lambda x, t: x - t, vector, {"reduction": "batchmean"})


def test_one_is_not_true_and_true_is_not_one():
    vector = next(it for it in ASKED if it.function == "kl_div_with_logits")
    for name, default, other in (
        ("temperature", 1.0, True),
        ("scale_by_temperature_squared", True, 1),
    ):
        assert is_default(vector, name, default)
        assert not is_default(vector, name, other)


def test_name_that_is_taken_by_place_alone_is_no_name():
    def by_place(input, target, temperature=1.0, /, *, reduction):
        return input

    asked = {"temperature": 2.0, "reduction": "none"}
    assert names(by_place, asked) == {"reduction"}
    assert names(lambda x, t, **options: x, asked) == set(asked)
    assert names(partial(by_place, reduction="sum"), asked) == {"reduction"}
    vector = next(it for it in ASKED if it.function == "kl_div_with_logits")
    with pytest.raises(NotSupported, match=r"^the implementation has no argument 'temperature'\.$"):
        taken(by_place, vector, asked)


@dataclass
class Configured:
    """A loss that is an object with fields, which has no hash."""

    wrong: float = 0.0

    def __call__(self, input, second, target, **options):
        return self.of(input, second, target, **options) + self.wrong


class Sparse(Configured):
    of = staticmethod(kldiv_xp.sparse_kl_div_with_logits)


class Linear(Configured):
    of = staticmethod(kldiv_xp.linear_kl_div)


@pytest.mark.parametrize(
    ("kind", "identifier"), [(Sparse, "sparse_001"), (Linear, "hidden_states_001")]
)
def test_objects_without_a_hash_are_judged_each_by_itself(kind, identifier):
    vector = find(identifier)
    for wrong, verdict in ((0.0, "pass"), (1.0, "failure"), (0.0, "pass")):
        beside = {vector.function: kind(wrong)}
        found = judge(vector, NUMPY, Implementation("object", kldiv_xp.kl_div, None, beside))
        assert found.verdict == verdict, found.detail
