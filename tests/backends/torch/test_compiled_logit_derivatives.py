"""Operators that stand in compiled graphs for closed derivatives of losses of logits."""

from functools import partial

import pytest

from kldiv_xp import js_div_with_logits_gradient, kl_div_with_logits_gradient

torch = pytest.importorskip("torch", reason="torch is not installed")

from backends.torch.test_compiled_logits import graphs_of  # noqa: E402 - torch may be missing

from kldiv_xp.backends.torch import compiled_logit_derivatives  # noqa: E402 - torch may be missing

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn((2, 4, 3, 50), generator=GENERATOR)
MASK = torch.arange(12).reshape(4, 3) % 3 > 0
OPTIONS = {
    "alone": {},
    "after the loss": {"return_value": True},
    "masked mean": {"return_value": True, "where": MASK, "reduction": "mean"},
    "upstream of rows": {"reduction": "none", "upstream": torch.rand(4, 3, generator=GENERATOR)},
    "upstream of all": {"upstream": torch.tensor(2.0), "reduction": "sum", "temperature": 2.0},
    "first axis": {"return_value": True, "axis": 0, "reduction": "none"},
    "another type": {"return_value": True, "dtype": torch.float64},
    "target": {"return_value": True, "target_is": "log_probabilities"},
}
GRADIENTS = {
    "kl": kl_div_with_logits_gradient,
    "js": partial(js_div_with_logits_gradient, beta=0.3),
}
TOLERANCES = {"bfloat16": {"rtol": 2**-7, "atol": 1e-4}, "float32": {"rtol": 1e-5, "atol": 1e-7}}
BOTH = pytest.mark.parametrize("gradient", GRADIENTS.values(), ids=GRADIENTS)


def both_ways(gradient, operands, **options):
    """Results of compiled code, and those of eager tensors."""
    torch.compiler.reset()
    compiled = torch.compile(partial(gradient, **options), fullgraph=True, backend="aot_eager")
    return compiled(*operands), gradient(*operands, **options)


@BOTH
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.cases(0, 6)
def test_compiled_derivatives_are_those_of_eager_tensors(gradient, options, dtype):
    operands = LOGITS.to(getattr(torch, dtype))
    found, expected = both_ways(gradient, operands, **options)
    assert len(found) == len(expected) == 2 + options.get("return_value", False)
    torch.testing.assert_close(list(found), list(expected), **TOLERANCES[dtype])


@pytest.mark.few(1, 3)
@BOTH
@pytest.mark.parametrize(
    ("return_value", "operator"),
    [(False, "derivatives_of_logits"), (True, "rows_and_derivatives_of_logits")],
)
def test_graph_of_derivatives_holds_one_operator(gradient, return_value, operator):
    _, (graph,) = graphs_of(partial(gradient, return_value=return_value), *LOGITS)
    code = graph.print_readable(print_output=False)
    assert code.count("torch.ops.kldiv_xp.") == code.count(f".{operator}.default(") == 1
    assert "exp(" not in code


@pytest.mark.few(0, 1)
@BOTH
def test_derivatives_that_are_differentiated_are_compiled_from_the_formula(gradient):
    leaf = LOGITS[0].double().requires_grad_()

    def squares(input, target):
        return gradient(input, target)[0].square().sum()

    torch.compiler.reset()
    compiled = torch.compile(squares, fullgraph=True, backend="aot_eager")
    found, expected = (
        torch.autograd.grad(function(leaf, LOGITS[1].double()), leaf)
        for function in (compiled, squares)
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.slow
def test_operators_of_derivatives_keep_the_rules_of_torch():
    upstream, numbers = torch.ones(4, 3), torch.tensor([2.0, 0.3], dtype=torch.float64)
    for mask, given in ((None, None), (MASK[..., None], numbers)):
        tensors = upstream, *LOGITS, mask, given
        options = 1.0, "logits", True, 0.0
        torch.library.opcheck(
            compiled_logit_derivatives.rows_and_derivatives_of_logits, (*tensors, *options)
        )
        torch.library.opcheck(
            compiled_logit_derivatives.derivatives_of_logits, (*tensors, *options, True, True)
        )
