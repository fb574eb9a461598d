"""Exit codes: 0 if all pass, 1 if a vector fails, 2 if it could not be done."""

from pathlib import Path

import pytest
from conformance_commands import invoke, program

from kldiv_conformance import ADAPTERS, _own_adapters
from kldiv_conformance._vectors import vectors

pytestmark = pytest.mark.usefixtures("only_a_few_vectors")
MISSING = next((name for name in ADAPTERS if ADAPTERS[name].reason_to_skip() is not None), None)


@pytest.mark.slow
def test_all_pass_is_0():
    assert invoke("run", "-b", "numpy")[0] == 0


@pytest.mark.slow
def test_failure_is_1(kernels):
    kernels("wrong", "def loss(input, target, *, reduction, log_target):\n    return input\n")
    assert invoke("run", "-b", "numpy", "-i", "wrong:loss")[0] == 1


@pytest.mark.long
@pytest.mark.skipif(MISSING is None, reason="every backend runs here")
def test_backend_that_is_named_and_does_not_run_is_2():
    status, output = invoke("run", "-b", MISSING, "-b", "numpy")
    assert status == 2
    assert f"{MISSING} did not run: {ADAPTERS[MISSING].reason_to_skip()}" in output
    assert (
        f"{MISSING} was named, and did not run: install what it needs, or skip it with "
        "--allow-missing."
    ) in output
    assert invoke("run", "-b", MISSING, "-b", "numpy", "--allow-missing")[0] == 0


@pytest.mark.slow
@pytest.mark.skipif(MISSING is None, reason="every backend runs here")
def test_backend_that_is_missing_and_not_named_is_skipped_and_listed(monkeypatch):
    monkeypatch.setattr(
        _own_adapters, "ADAPTERS", {name: ADAPTERS[name] for name in ("numpy", MISSING)}
    )
    status, output = invoke("run")
    assert status == 0
    assert f"{MISSING} did not run: " in output


@pytest.mark.slow
@pytest.mark.skipif(MISSING is None, reason="every backend runs here")
def test_run_in_which_no_backend_ran_is_2_and_has_a_page(tmp_path):
    path = tmp_path / "run.jsonl"
    status, output = invoke("run", "-b", MISSING, "--allow-missing", "-o", path)
    assert status == 2
    assert "Nothing was judged: no backend ran, or all vectors are 'not supported'." in output
    assert_page_says_so(path)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("backends", [["-b", "numpy"], ["-b", "numpy", "-b", "array-api-strict"]])
def test_run_in_which_nothing_was_judged_is_2_and_has_a_page(kernels, tmp_path, backends):
    kernels("refusing", "def loss(*_, **__):\n    raise NotImplementedError\n")
    path = tmp_path / "run.jsonl"
    status, output = invoke("run", *backends, "-i", "refusing:loss", "-o", path)
    assert status == 2
    assert "Nothing was judged on numpy: all vectors are 'not supported'." in output
    assert invoke("run", *backends, "-i", "refusing:loss", "--allow-missing")[0] == 2
    assert_page_says_so(path)


def assert_page_says_so(path):
    assert invoke("report", path, "-o", path.parent / "pages")[0] == 0
    for name in ("report.md", "report.html"):
        text = (path.parent / "pages" / name).read_text()
        assert "Nothing was judged: no backend ran, or all vectors are not supported." in text
        assert "Nothing failed" not in text


def test_backend_whose_library_cannot_be_imported_did_not_run(tmp_path, monkeypatch):
    (tmp_path / "array_api_strict.py").write_text("raise OSError('a library is missing')\n")
    monkeypatch.syspath_prepend(tmp_path)
    status, output = invoke("run", "-b", "array-api-strict")
    assert status == 2
    reason = "array_api_strict cannot be imported: OSError: a library is missing"
    assert f"array-api-strict did not run: {reason}" in output


def test_bare_command_is_2():
    status, output = invoke()
    assert (status, output.rpartition("Error: ")[2]) == (2, "Missing command.")


MUST = "`implementation` must be 'module:function', like 'kldiv_xp:kl_div'; got "


@pytest.mark.few(1, 3)
@pytest.mark.parametrize(
    ("specification", "why"),
    [
        ("nonsense", "'nonsense'."),
        ("../x:y", "'../x:y'."),
        ("", "''."),
        (":", "':'."),
        ("numpy:", "'numpy:'."),
        (":add", "':add'."),
        (".:x", "'.:x'."),
        ("a:b:c", "'a:b:c'."),
        ("numpy:no_such", "'numpy:no_such', which cannot be loaded: AttributeError: "),
        ("nowhere:x", "'nowhere:x', which cannot be loaded: ModuleNotFoundError: "),
        (
            "decimal:Decimal",
            "'decimal:Decimal', which cannot be loaded: TypeError: it is a class: name a function "
            "that makes an object of it and calls that.",
        ),
        ("numpy:pi", "'numpy:pi', which cannot be loaded: TypeError: it is no function but float."),
        ("\x1b[31m", r"'\x1b[31m'."),
    ],
)
def test_implementation_that_is_none_is_2(specification, why):
    status, output = invoke("run", "-b", "numpy", "-i", specification)
    assert status == 2
    assert f"{MUST}{why}" in output


@pytest.mark.few(1, 5)
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero."),
        ("raise SystemExit(0)", "SystemExit: 0."),
        ("raise KeyboardInterrupt", "KeyboardInterrupt."),
        ("def", "SyntaxError: "),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'."),
        ("raise ValueError('a\\n[/b]\\x1b[31m')", r"ValueError: a [/b]\x1b[31m."),
    ],
)
def test_implementation_whose_import_raises_is_2(kernels, line, why):
    kernels("raising", f"{line}\n")
    status, output = invoke("run", "-b", "numpy", "-i", "raising:loss", "-o", "run.jsonl")
    assert status == 2
    assert f"{MUST}'raising:loss', which cannot be loaded: {why}" in output
    assert not Path("run.jsonl").exists()


def test_import_that_ends_the_process_is_never_0(kernels):
    kernels("ending", "import os\nos._exit(0)\n")
    assert invoke("run", "-b", "numpy", "-i", "ending:loss")[0] == 1


@pytest.mark.long
@pytest.mark.parametrize("number", ["nan", "-NaN", "x", ""])
def test_number_that_is_none_is_2(tmp_path, number):
    path = tmp_path / "run.jsonl"
    assert invoke("run", "-b", "numpy", "-b", "array-api-strict", "-o", path)[0] == 0
    for command in (["run", "--timeout"], ["compare", path, "--fail-above"]):
        status, output = invoke(*command, number)
        assert status == 2
        assert f"Invalid value for '{command[-1]}': '{number}' is " in output


@pytest.mark.slow
def test_comparison_of_one_backend_is_2(tmp_path):
    path = tmp_path / "run.jsonl"
    assert invoke("run", "-b", "numpy", "-o", path)[0] == 0
    status, output = invoke("compare", path)
    assert status == 2
    assert (
        f"nothing to compare in {str(path)!r}: pass runs of two implementations or backends that "
        "have numbers for the same vectors."
    ) in output


DEVIATIONS = {
    "no TOML": "[[",
    "no list": "deviation = 3",
    "no reason": '[[deviation]]\nids = ["ordinary_001"]\nlink = "https://example.org"',
    "ids of another type": '[[deviation]]\nids = [1]\nreason = "r"\nlink = "l"',
    "nothing": "",
    "no such vector": '[[deviation]]\nids = ["ordinary_999"]\nreason = "r"\nlink = "l"',
}


NO_NUMBER = "def loss(*_, **__):\n    raise {error}\n"


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("error", ["IndexError", "NotImplementedError"])
@pytest.mark.parametrize("options", [[], ["--fail-above", "2"], ["--bits"]], ids=" ".join)
def test_comparison_of_runs_without_a_number_is_2(kernels, tmp_path, error, options):
    kernels("without", NO_NUMBER.format(error=error))
    path = tmp_path / "run.jsonl"
    invoke("run", "-b", "numpy", "-b", "array-api-strict", "-i", "without:loss", "-o", path)
    status, output = invoke("compare", path, *options)
    assert status == 2
    assert f"nothing to compare in {str(path)!r}: " in output


@pytest.mark.slow
def test_run_that_is_named_twice_is_2(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke("run", "-b", "numpy", "-o", "run.jsonl")[0] == 0
    status, output = invoke("compare", "run.jsonl", tmp_path / "run.jsonl", "--bits")
    assert status == 2
    assert "run.jsonl' is named twice: name another run." in output


@pytest.mark.parametrize("text", DEVIATIONS.values(), ids=DEVIATIONS)
def test_file_of_deviations_that_is_none_is_2(tmp_path, text):
    (tmp_path / "numpy.toml").write_text(text)
    status, output = invoke("run", "-b", "numpy", "--deviations", tmp_path)
    assert status == 2
    said = (
        "numpy.toml' must be a list of [[deviation]], each with ids, reason and link; got ",
        "'numpy.toml' records a deviation of 'ordinary_999', which no vector is called: remove it.",
    )
    assert said["ordinary_999" in text] in output


@pytest.mark.long
@pytest.mark.skipif(MISSING is None, reason="every backend runs here")
def test_bar_of_a_backend_that_did_not_run_is_not_full(tmp_path):
    done = program("run", "-b", MISSING, cwd=tmp_path)
    assert done.returncode == 2
    assert f" 0/{len(vectors())} " in done.stderr
    done = program("run", "-b", MISSING, "-b", "numpy", "-v", "ordinary_001", cwd=tmp_path)
    assert "1/1" in done.stderr
