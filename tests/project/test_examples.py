"""The examples of one file do what they print."""

import importlib.util
import os
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from conftest import imported, usable
from numpy.testing import assert_allclose

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = {
    "distill_tokens_torch": "torch",
    "distill_tokens_jax": "jax",
    "label_smoothing_numpy": "numpy",
    "categorical_vae_numpy": "numpy",
    "own_denominator_torch": "torch",
    "recipes_torch": "torch",
    "named_dimensions_xarray": "dask",
}
# These need several processes or devices: tests/distributed sees whether they do what they print.
DISTRIBUTED = ["distributed_dask", "distributed_jax", "distributed_torch"]

if not FOLDER.is_dir():
    pytest.skip("the examples stay in the source tree", allow_module_level=True)


def load(name):
    """Example as a module, or a skip where its library is missing."""
    usable(EXAMPLES[name])
    if name.endswith("_xarray"):
        imported("xarray")
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_of_one_file_is_tested():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*EXAMPLES, *DISTRIBUTED}


@pytest.mark.parametrize("name", [*EXAMPLES, *DISTRIBUTED])
def test_docstring_says_how_to_run_the_example(name):
    command = f"To run it: python examples/{name}.py\n"
    assert command in (FOLDER / f"{name}.py").read_text(encoding="utf-8").split('"""')[1]


def test_page_says_how_many_vectors_the_kernel_of_yours_is_asked():
    """It counted 17 vectors too few after the suite had grown."""
    suite = pytest.importorskip("kldiv_conformance")
    said = re.search(r"(\d+) passed, (\d+) skipped", (FOLDER / "README.md").read_text("utf-8"))
    assert sum(map(int, said.groups())) == len(suite.vectors()) + 1  # that a number is judged


@pytest.mark.long
@pytest.mark.parametrize("name", ["distill_tokens_torch", "distill_tokens_jax"])
def test_student_of_tokens_learns_and_padding_changes_nothing(name, capsys):
    clean, spoiled = load(name).main()
    assert np.isfinite(clean).all()
    assert clean[-1] < 0.2 * clean[0]
    assert spoiled == clean
    assert "the same, bit for bit" in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.parametrize("name", ["distill_tokens_torch", "distill_tokens_jax"])
def test_padding_of_the_example_is_spoiled(name, monkeypatch):
    module = load(name)
    kept = []
    monkeypatch.setattr(module, "train", lambda *batch: kept.append(batch) or [1.0])
    module.main()
    (tokens, teacher, real), (other_tokens, other_teacher, same) = (
        [np.asarray(array) for array in batch] for batch in kept
    )
    assert real.shape == tokens.shape
    assert 0.2 < real.mean() < 0.8
    assert (same == real).all()
    assert np.isnan(other_teacher[~real]).all()
    assert (tokens[~real] != other_tokens[~real]).mean() > 0.9
    assert (teacher[real] == other_teacher[real]).all()
    assert (tokens[real] == other_tokens[real]).all()


def test_sums_over_the_count_of_all_parts_are_the_mean_of_the_whole(capsys):
    whole, split, difference, means = load("own_denominator_torch").main()
    assert_allclose(split, whole, rtol=1e-14)
    assert difference < 1e-16
    assert abs(means - whole) > 0.01 * whole
    assert "sums over the count of all" in capsys.readouterr().out


def test_named_dimensions_are_kept_in_memory_and_lazily(capsys):
    at_once, lazy, means = load("named_dimensions_xarray").main()
    assert at_once.dims == lazy.dims == ("year", "station")
    assert lazy.chunks == ((2, 2), (3,))
    assert_allclose(lazy, at_once, rtol=1e-14)
    assert_allclose(means, at_once.mean("year"), rtol=1e-14)
    assert "station C:" in capsys.readouterr().out


def test_smoothed_loss_is_cross_entropy_less_entropy_and_tempers_confidence(capsys):
    found = load("label_smoothing_numpy").main()
    for loss, difference, accuracy, _ in found.values():
        assert_allclose(loss, difference, rtol=1e-12)
        assert accuracy > 0.95
    (*_, sure), (*_, tempered) = found.values()
    assert tempered < sure
    assert "cross-entropy less their entropy" in capsys.readouterr().out


def test_autoencoder_learns_a_code_for_every_corner(capsys):
    found = load("categorical_vae_numpy").main()
    first, last = found["bound"]
    assert first < last <= found["evidence"]
    assert_allclose(found["evidence"] - last, found["gap"], rtol=1e-9)
    assert found["gap"] < 0.1
    assert found["own"] == 4
    assert found["share"] > 0.95
    assert "4 of 4 corners have a code of their own" in capsys.readouterr().out


def test_gradient_of_the_autoencoder_is_that_of_small_differences():
    module = load("categorical_vae_numpy")
    rng = np.random.default_rng(1)
    points, _ = module.clusters(rng)
    weights = [rng.normal(size=(3, module.LATENTS)), rng.normal(size=(module.LATENTS, 2))]
    _, gradient = module.loss_and_gradient(*weights, points)
    for which, by_hand in enumerate(gradient):
        for place in np.ndindex(by_hand.shape):
            losses = []
            for step in (1e-6, -1e-6):
                moved = [w.copy() for w in weights]
                moved[which][place] += step
                losses.append(module.loss_and_gradient(*moved, points)[0])
            assert_allclose((losses[0] - losses[1]) / 2e-6, by_hand[place], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("client", "backend"),
    [
        *(("trl", "torch"), ("torchtune", "torch"), ("distillkit", "torch")),
        *(("tunix", "jax"), ("estimator", "numpy")),
    ],
)
def test_what_a_client_writes_by_hand_is_a_few_lines_of_calls(client, backend, monkeypatch):
    usable(backend)
    for name in ("torch", "jax"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    monkeypatch.syspath_prepend(str(FOLDER / "clients"))
    monkeypatch.setenv("XLA_FLAGS", os.environ.get("XLA_FLAGS", ""))
    measured = runpy.run_path(str(FOLDER / "clients" / "__main__.py"), run_name="clients")
    hand, calls = (getattr(way, client) for way in measured["WAYS"])
    assert measured["lines_of"](calls) <= 3 < measured["lines_of"](hand)
    assert measured["difference"](client) < 2e-4
