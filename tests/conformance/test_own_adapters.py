"""A backend of one's own is judged, reported and compared; what is no adapter is a sentence."""

import doctest
from importlib.metadata import EntryPoint
from types import ModuleType
from unittest import SkipTest

import pytest
from click.testing import CliRunner

import kldiv_conformance._adapter
import kldiv_xp
from kldiv_conformance import Adapter, assert_conforms, find, judge
from kldiv_conformance import _own_adapters as own
from kldiv_conformance.__main__ import main
from kldiv_conformance._implementations import found_beside, load_implementation
from kldiv_conformance._report import read_report

SOURCE = """
import numpy as np
from kldiv_conformance import Adapter

def make(values, shape, dtype):
    return np.asarray(values).astype(dtype).reshape(shape)

def adapter(name):
    floats = ("float32", "float64")
    return Adapter(name=name, library="numpy", floats=floats, make=make, read=lambda array: array)

ADAPTER = adapter("mine")
OTHER = adapter("other")
TAKEN = adapter("numpy")
NUMBER = 3
CLASS = Adapter

def called():
    return adapter("called")

def nothing():
    return None

def fails():
    raise RuntimeError("no\\nlicence")

def end():
    raise SystemExit(0)

def steers():
    raise RuntimeError("\\x1b[31m")
"""
MUST = "`adapter` must be 'module:name', like 'my_library_adapter:ADAPTER'; got"
REMEDY = "make it an Adapter of kldiv_conformance, or a function without arguments that returns one"
REFUSED = {
    "own_adapter": f"{MUST} 'own_adapter'.",
    "own_adapter:": f"{MUST} 'own_adapter:'.",
    "nowhere:ADAPTER": (
        f"{MUST} 'nowhere:ADAPTER', which cannot be loaded: "
        "ModuleNotFoundError: No module named 'nowhere'."
    ),
    "own_adapter:ABSENT": (
        f"{MUST} 'own_adapter:ABSENT', which cannot be loaded: "
        "AttributeError: module 'own_adapter' has no attribute 'ABSENT'."
    ),
    "own_adapter:fails": (
        f"{MUST} 'own_adapter:fails', which cannot be loaded: RuntimeError: no licence."
    ),
    "own_adapter:NUMBER": f"{MUST} 'own_adapter:NUMBER', which is of int: {REMEDY}.",
    "own_adapter:nothing": f"{MUST} 'own_adapter:nothing', which is of NoneType: {REMEDY}.",
    "own_adapter:TAKEN": (
        "the adapter 'own_adapter:TAKEN' calls its backend 'numpy', which is taken: "
        "give it another `name`."
    ),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Current folder with a module of adapters."""
    (tmp_path / "own_adapter.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "own_adapter", raising=False)
    return tmp_path


@pytest.fixture
def installed(monkeypatch):
    """Pretend that a package with entry points is installed."""

    def install(**points):
        found = [EntryPoint(name, value, own.ENTRY_POINTS) for name, value in points.items()]
        monkeypatch.setattr(own, "entry_points", lambda group: found)
        own.installed_adapters.cache_clear()

    yield install
    own.installed_adapters.cache_clear()


def invoke(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.mark.long
def test_adapter_of_ones_own_is_judged_reported_and_compared(folder):
    few = ["--group", "ordinary", "--output", "run.jsonl"]
    done = invoke("run", "-a", "own_adapter:ADAPTER", "-a", "own_adapter:called", *few)
    assert done.exit_code == 0, done.output
    report = read_report(folder / "run.jsonl")
    assert set(report.names) == {"mine", "called"}
    assert all(report.judged(name) for name in report.names)
    assert invoke("report", "run.jsonl").exit_code == 0
    assert "| mine |" in (folder / "report" / "report.md").read_text()
    assert invoke("compare", "run.jsonl").exit_code == 0


@pytest.mark.long
def test_adapter_of_ones_own_runs_beside_a_backend_that_is_named(folder):
    few = ["-b", "numpy", "-b", "mine", "--vector", "ordinary_00*", "--output", "run.jsonl"]
    done = invoke("run", "-a", "own_adapter:ADAPTER", *few)
    assert done.exit_code == 0, done.output
    assert set(read_report(folder / "run.jsonl").names) == {"mine", "numpy"}


def test_backends_lists_adapters_of_ones_own_as_well():
    lines = invoke("backends", "-a", "own_adapter:ADAPTER").output.splitlines()
    assert f"{'mine':<26}runs here" in lines
    assert any(line.startswith("numpy ") for line in lines)


@pytest.mark.parametrize("specification", REFUSED)
@pytest.mark.parametrize("command", ["run", "backends"])
def test_what_is_no_adapter_is_a_sentence(command, specification):
    done = invoke(command, "--adapter", specification)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == f"Error: {REFUSED[specification]}"


def test_class_of_adapters_is_told_what_it_lacks():
    done = invoke("backends", "--adapter", "own_adapter:CLASS")
    assert "which cannot be loaded: TypeError: " in done.stderr
    assert done.exit_code == 2


def test_two_adapters_of_one_name_are_a_sentence(folder):
    (folder / "second.py").write_text("from own_adapter import ADAPTER\n")
    done = invoke("backends", "-a", "own_adapter:ADAPTER", "-a", "second:ADAPTER")
    assert done.stderr.splitlines()[-1] == (
        "Error: the adapter 'second:ADAPTER' calls its backend 'mine', which is taken: "
        "give it another `name`."
    )


def test_unknown_backend_is_named_with_those_that_are_near():
    done = invoke("run", "-b", "nunpy")
    assert done.exit_code == 2
    assert "Error: `backend` 'nunpy' is of no adapter: near ones are 'numpy'" in done.stderr
    assert done.stderr.splitlines()[-1].endswith(", and `kldiv-conformance backends` lists all.")


def test_entry_point_is_a_backend_without_an_option(installed):
    installed(mine="own_adapter:OTHER")
    assert "other" in own.all_adapters()
    assert f"{'other':<26}runs here" in invoke("backends").output.splitlines()
    assert "other" in own.all_adapters(["own_adapter:OTHER"])  # the same adapter, named as well


def test_broken_entry_point_is_a_backend_that_does_not_run_and_says_why(installed):
    installed(broken="own_adapter:NUMBER")
    reason = own.all_adapters()["broken"].reason_to_skip()
    sentence = REFUSED["own_adapter:NUMBER"]
    assert reason == f"its entry point is broken: {sentence}"
    assert f"{'broken':<26}{reason}" in invoke("backends").output.splitlines()


TAKEN = "calls its backend 'numpy', which is taken: give it another `name`"


@pytest.mark.few(0, 1)
@pytest.mark.parametrize(
    ("points", "name", "said"),
    [
        ({"mine": "own_adapter:TAKEN"}, "own_adapter:TAKEN", TAKEN),
        ({"numpy": "nowhere:ADAPTER"}, "nowhere:ADAPTER", TAKEN),
        ({"mine": "own_adapter:end"}, "mine", "which cannot be loaded: SystemExit: 0."),
    ],
)
def test_broken_entry_point_keeps_no_other_backend_from_running(installed, points, name, said):
    installed(**points)
    done = invoke("backends")
    assert done.exit_code == 0
    (line,) = [line for line in done.output.splitlines() if "its entry point is broken: " in line]
    assert line.startswith(name)
    assert line.endswith(said)
    assert invoke("run", "-b", "numpy", "--vector", "ordinary_001").exit_code == 0


def test_entry_point_with_extras_is_a_backend(installed):
    installed(mine="own_adapter:OTHER [extra]")
    assert f"{'other':<26}runs here" in invoke("backends").output.splitlines()


def test_backend_of_an_entry_point_is_one_for_a_test_as_well(installed):
    installed(mine="own_adapter:OTHER", broken="own_adapter:NUMBER")
    loss = load_implementation("kldiv_xp:kl_div").loss
    assert_conforms(loss, find("ordinary_001"), backend="other")
    with pytest.raises(SkipTest, match="its entry point is broken: "):
        assert_conforms(loss, find("ordinary_001"), backend="broken")
    with pytest.raises(ValueError, match=r"must be an Adapter or one of 'numpy', .*'other'"):
        assert_conforms(loss, find("ordinary_001"), backend="others")


@pytest.mark.parametrize("reason", ["", None])
def test_adapter_that_gives_no_reason_runs(reason):
    assert own.replace(own.ADAPTERS["numpy"], why_unusable=lambda: reason).reason_to_skip() is None


def test_adapter_that_would_end_the_process_does_not_run():
    def end():
        raise SystemExit(0)

    unusable = own.replace(own.ADAPTERS["numpy"], why_unusable=end)
    assert unusable.reason_to_skip() == "numpy does not run: SystemExit: 0"


def test_text_of_a_broken_adapter_does_not_steer_the_terminal():
    done = invoke("backends", "-a", "own_adapter:steers")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].endswith(r"cannot be loaded: RuntimeError: \x1b[31m.")


def broken(error, floats=("float32", "float64")):
    """Adapter that makes no array."""

    def make(*_):
        raise error

    return Adapter(name="mine", library="numpy", floats=floats, make=make, read=list)


def test_what_a_module_imports_from_kldiv_xp_is_no_part_of_it():
    module = ModuleType("theirs")
    module.mine = lambda log_q, p: log_q * p
    module.mine_gradient = kldiv_xp.kl_div_gradient
    module.js_div, module.js_div_gradient = kldiv_xp.js_div, kldiv_xp.js_div_gradient
    found = found_beside("theirs:mine", module, "mine")
    assert (found.gradient, found.functions) == (None, {})
    assert found_beside("kldiv_xp:kl_div", kldiv_xp, "kl_div").gradient is kldiv_xp.kl_div_gradient


@pytest.mark.parametrize("kind", [TypeError, ValueError, RuntimeError])
def test_array_that_is_promised_and_cannot_be_made_is_a_failure(kind):
    loss = load_implementation("kldiv_xp:kl_div")
    outcome = judge(find("ordinary_001"), broken(kind("no room")), loss)
    assert (outcome.verdict, outcome.detail) == (
        "failure",
        f"mine cannot make an array of {find('ordinary_001').input.dtype}: "
        f"{kind.__name__}: no room",
    )


def test_array_that_a_library_does_not_have_is_not_supported():
    loss = load_implementation("kldiv_xp:kl_div")
    outcome = judge(find("ordinary_001"), broken(NotImplementedError("no axes.")), loss)
    assert (outcome.verdict, outcome.detail) == ("not supported", "no axes.")
    other = "float64" if find("ordinary_001").input.dtype == "float32" else "float32"
    outcome = judge(find("ordinary_001"), broken(TypeError("no room"), (other,)), loss)
    assert outcome.verdict == "not supported"


@pytest.mark.parametrize("floats", [(), ("float",), "float32"])
def test_adapter_without_a_dtype_of_the_vectors_is_refused(floats):
    with pytest.raises(ValueError, match=r"`floats` of an Adapter must be a tuple of 'float16', "):
        broken(TypeError(), floats)


@pytest.mark.parametrize("part", ["make", "read", "wrap", "gradient", "why_unusable", "library"])
def test_adapter_with_a_part_that_is_none_is_refused(part):
    with pytest.raises(ValueError, match=f"`{part}` of an Adapter must be a .*; got 3"):
        own.replace(own.ADAPTERS["numpy"], **{part: 3})


def test_adapter_without_a_name_is_refused():
    with pytest.raises(ValueError, match=r"`name` of an Adapter must be a string that is not"):
        Adapter(name=" ", library="numpy", floats=("float32",), make=list, read=list)


def test_gradient_in_closed_form_is_called_as_the_backend_calls_functions():
    wrapped = []

    def wrap(function):
        wrapped.append(function)
        return function

    numpy = own.all_adapters()["numpy"]
    changed = own.replace(numpy, wrap=wrap)
    outcome = judge(find("gradients_001"), changed, load_implementation("kldiv_xp:kl_div"))
    assert outcome.verdict == "pass"
    assert len(wrapped) == 1


def test_examples_in_the_docstring_hold():
    failed, tried = doctest.testmod(kldiv_conformance._adapter)
    assert tried
    assert not failed
