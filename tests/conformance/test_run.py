import json

import pytest
from array_libraries import library
from click.testing import CliRunner
from conftest import skip_for

from kldiv_conformance import _backend_run
from kldiv_conformance.__main__ import main
from kldiv_conformance._adapters import ADAPTERS
from kldiv_conformance._deviations import Deviation, load_deviations, settle, unmatched
from kldiv_conformance._outcome import Outcome
from kldiv_conformance._report import collect, read_report
from kldiv_conformance._run import run_all
from kldiv_conformance._vectors import vectors

OURS = "kldiv_xp:kl_div"
IDENTIFIERS = {vector.id for vector in vectors()}
# Every shape is compiled anew, by itself or operation by operation: `nox -s conformance` takes all.
COMPILED = {"torch-compile", "torch-cuda-compile", "jax", "jax-jit", "mlx-compile", "ndonnx"}
# Nothing compiles these two, but each of their operations takes long.
SLOW = COMPILED | {"dask", "sparse"}


def features(vector):
    """Properties of a vector that a spread covers, with each argument of the function called."""
    called = (vector.function, vector.kind)
    yield from (("flag", flag) for flag in vector.flags)
    yield ("mask", *called, vector.where is not None)
    yield ("group", vector.group, vector.kind)
    yield ("dtype", vector.group, vector.input.dtype)
    yield from (
        ("argument", *called, name, repr(value))
        for name, value in vector.arguments.items()
        if isinstance(value, bool | str)
    )


def few_features(vector):
    """Of the same, what the slow run has an example of on a backend that compiles."""
    yield ("function", vector.function, vector.kind)
    yield ("group", vector.group)


def functions(vector):
    """Of the same, what the ordinary run has an example of there."""
    if vector.kind == "value":
        yield ("function", vector.function)


def spread(features=features):
    """Vectors that show something which none before them does."""
    seen = set()
    for vector in vectors():
        new = set(features(vector)) - seen
        seen |= new
        if new:
            yield vector


def test_spread_of_vectors_has_every_group_flag_dtype_and_argument():
    chosen = list(spread())
    assert len(chosen) < len(IDENTIFIERS) / 6
    for of in (features, lambda vector: [vector.function], lambda vector: vector.arguments):
        assert {one for v in chosen for one in of(v)} == {one for v in vectors() for one in of(v)}


# A spread of the vectors takes each of these 10 s and more on two cores.
SLOWEST = {"array-api-strict", "array-api-strict-device1", "mlx", "mlx-compile", "ndonnx"}
EVERY = [pytest.param(one, marks=pytest.mark.long) if one in SLOWEST else one for one in ADAPTERS]


@pytest.mark.parametrize("backend", EVERY)
def test_a_spread_of_vectors_passes(backend):
    skip_for(backend, ADAPTERS[backend].reason_to_skip())
    every_vector_passes(backend, list(spread(functions if backend in SLOW else features)))


@pytest.mark.slow
@pytest.mark.parametrize("backend", sorted(SLOW & set(ADAPTERS)))
def test_every_group_passes_where_each_vector_is_slow(backend):
    skip_for(backend, ADAPTERS[backend].reason_to_skip())
    every_vector_passes(backend, list(spread(few_features)))


@pytest.mark.slow
@pytest.mark.parametrize("backend", sorted(set(ADAPTERS) - SLOW - SLOWEST))
def test_every_vector_passes_or_is_a_known_deviation(backend):
    skip_for(backend, ADAPTERS[backend].reason_to_skip())
    every_vector_passes(backend, list(vectors()))


@pytest.mark.long
@pytest.mark.parametrize("backend", sorted((SLOW | SLOWEST) & set(ADAPTERS)))
def test_every_flag_dtype_and_argument_passes_where_each_is_slow(backend):
    skip_for(backend, ADAPTERS[backend].reason_to_skip())
    every_vector_passes(backend, list(spread() if backend in COMPILED else vectors()))


def every_vector_passes(backend, chosen):
    report = collect(list(run_all([backend], OURS, chosen=chosen)), backend)
    failures = [line for line in report.outcomes if line["verdict"] == "failure"]
    assert [f"{line['id']}: {line['detail']}" for line in failures] == []
    assert [line["id"] for line in report.outcomes] == [vector.id for vector in chosen]


@pytest.mark.parametrize("backend", ADAPTERS)
def test_every_deviation_belongs_to_a_vector(backend):
    assert unmatched(load_deviations(backend), IDENTIFIERS) == []


def test_known_failure_is_a_deviation_with_its_reason():
    known = {"x": Deviation("flushed", "https://example.org")}
    settled = settle(Outcome("x", "ordinary", "failure", "wrong"), known)
    assert (settled.verdict, settled.detail) == ("deviation", "flushed (https://example.org)")


def test_unexpected_pass_fails():
    settled = settle(Outcome("x", "ordinary", "pass"), {"x": Deviation("flushed", "")})
    assert settled.verdict == "failure"
    assert settled.detail == (
        "passes, though a deviation is recorded: remove it from the deviations file."
    )


@pytest.mark.long
def test_crash_is_a_verdict_for_every_vector_left(tmp_path, monkeypatch):
    monkeypatch.setattr(_backend_run, "MOST_LOST", 3)
    (tmp_path / "crashing.py").write_text("import os\ndef loss(*_, **__):\n    os._exit(7)\n")
    monkeypatch.syspath_prepend(tmp_path)
    report = collect(list(run_all(["numpy"], "crashing:loss")), "crash")
    assert len(report.outcomes) == len(IDENTIFIERS)
    assert "the process of numpy ended with status 7" in report.outcomes[-1]["detail"]


@pytest.mark.long
def test_truncated_run_is_an_error(tmp_path):
    path = tmp_path / "run.jsonl"
    lines = [json.dumps(line) for line in run_all(["numpy"], OURS)]
    path.write_text("\n".join(lines[:-5]))
    with pytest.raises(ValueError, match=r"stops after .* outcomes, before its end: run again"):
        read_report(path)


@pytest.mark.long
def test_command_line_runs_and_compares(tmp_path):
    path = str(tmp_path / "run.jsonl")
    backends = ["-b", "numpy", "-b", "array-api-strict"]
    done = CliRunner().invoke(main, ["run", *backends, "--sample=150", "-o", path])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(main, ["compare", path])
    assert "kldiv_xp:kl_div on array-api-strict and kldiv_xp:kl_div on numpy: " in done.output


@pytest.mark.long
def test_command_line_exits_with_1_on_a_failure():
    library("scipy")
    arguments = ["run", "-b", "numpy", "-i", "scipy.special:rel_entr"]
    assert CliRunner().invoke(main, arguments).exit_code == 1


def test_command_line_refuses_what_cannot_be_loaded():
    done = CliRunner().invoke(main, ["run", "-i", "nowhere:loss"])
    assert done.exit_code == 2
    assert "`implementation` must be 'module:function'" in done.output


def test_explain_shows_conventions_and_reasons():
    done = CliRunner().invoke(main, ["explain", "zeros_006"])
    assert "torch-2.13" in done.output
    assert "ZeroTargetInfiniteInput" in done.output


def test_explain_shows_a_mask_and_the_function_that_is_called():
    vector = next(
        vector
        for vector in vectors("logits")
        if (vector.function, vector.kind) == ("js_div_with_logits", "gradient")
        and vector.where is not None
    )
    lines = CliRunner().invoke(main, ["explain", vector.id]).output.splitlines()
    shown = {line[:15].strip(): line[15:] for line in lines}
    assert shown["function"] == "js_div_with_logits"
    assert shown["where"] == "bool[3, 1] True, False, True"
    assert (shown["temperature"], shown["beta"], shown["upstream"]) == ("2.0", "0.5", "1.0")
    assert shown["d_input"].startswith("float64[3, 4] ")
    assert any(line.startswith("  MaskedGradient: ") for line in lines)


def test_explain_shows_a_mask_that_must_be_refused():
    vector = next(
        vector for vector in vectors("invalid_arguments") if vector.flags == ("InvalidMask",)
    )
    output = CliRunner().invoke(main, ["explain", vector.id]).output
    assert "where        bool[3] True, True, True" in output
    assert "must raise   ValueError" in output


@pytest.mark.long
def test_implementation_without_divergences_from_logits_is_not_asked_for_them(
    tmp_path, monkeypatch
):
    (tmp_path / "alone.py").write_text("from kldiv_xp import kl_div, kl_div_gradient\n")
    monkeypatch.syspath_prepend(tmp_path)
    report = collect(list(run_all(["numpy"], "alone:kl_div")), "alone")
    assert not report.failed
    asked = {line["id"]: line for line in report.outcomes}
    of_logits = [vector.id for vector in vectors() if vector.function is not None]
    assert {asked[identifier]["verdict"] for identifier in of_logits} == {"not supported"}


def test_list_counts_the_vectors_of_each_group():
    assert "ordinary" in CliRunner().invoke(main, ["list"]).output
