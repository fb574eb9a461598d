"""Exit codes: 0 if all pass, 1 if a vector fails, 2 if it could not be done; never a traceback."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from kldiv_conformance import ADAPTERS, _command_run, _files, _own_adapters
from kldiv_conformance.__main__ import main
from kldiv_conformance._files import write_whole
from kldiv_conformance._run import run_all
from kldiv_conformance._text import each_text, in_markdown, printable
from kldiv_conformance._vectors import vectors

MISSING = next((name for name in ADAPTERS if ADAPTERS[name].reason_to_skip() is not None), None)
OURS = "kldiv_xp:kl_div"
FEW = vectors("ordinary")[:3]
HOSTILE = "[/x]:x: \x1b[31m|`<b>\u202e\n"


@pytest.fixture(autouse=True)
def only_a_few_vectors(monkeypatch):
    def run_few(*arguments, **options):
        return run_all(*arguments, **{**options, "chosen": FEW})

    monkeypatch.setattr(_command_run, "run_all", run_few)


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    monkeypatch.chdir(tmp_path)
    return write


def invoke(*arguments):
    done = CliRunner().invoke(main, [*map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


def program(*arguments, cwd, **options):
    """The command line in a process of its own."""
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-m", "kldiv_conformance", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_all_pass_is_0():
    assert invoke("run", "-b", "numpy")[0] == 0


def test_failure_is_1(kernels):
    kernels("wrong", "def loss(input, target, *, reduction, log_target):\n    return input\n")
    assert invoke("run", "-b", "numpy", "-i", "wrong:loss")[0] == 1


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


@pytest.mark.skipif(MISSING is None, reason="every backend runs here")
def test_backend_that_is_missing_and_not_named_is_skipped_and_listed(monkeypatch):
    monkeypatch.setattr(
        _own_adapters, "ADAPTERS", {name: ADAPTERS[name] for name in ("numpy", MISSING)}
    )
    status, output = invoke("run")
    assert status == 0
    assert f"{MISSING} did not run: " in output


@pytest.mark.skipif(MISSING is None, reason="every backend runs here")
def test_run_in_which_no_backend_ran_is_2_and_has_a_page(tmp_path):
    path = tmp_path / "run.jsonl"
    status, output = invoke("run", "-b", MISSING, "--allow-missing", "-o", path)
    assert status == 2
    assert "Nothing was judged: no backend ran, or all vectors are 'not supported'." in output
    assert_page_says_so(path)


@pytest.mark.parametrize("backends", [["-b", "numpy"], ["-b", "numpy", "-b", "array-api-strict"]])
def test_run_in_which_nothing_was_judged_is_2_and_has_a_page(kernels, tmp_path, backends):
    kernels("refusing", "def loss(*_, **__):\n    raise NotImplementedError\n")
    path = tmp_path / "run.jsonl"
    status, output = invoke("run", *backends, "-i", "refusing:loss", "-o", path)
    assert status == 2
    assert "Nothing was judged on numpy: all vectors are 'not supported'." in output
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
        ("numpy:pi", "'numpy:pi', which cannot be loaded: TypeError: it is no function but float."),
        ("\x1b[31m", r"'\x1b[31m'."),
    ],
)
def test_implementation_that_is_none_is_2(specification, why):
    status, output = invoke("run", "-b", "numpy", "-i", specification)
    assert status == 2
    assert f"{MUST}{why}" in output


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


def test_output_that_cannot_be_written_is_refused_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(_command_run, "run_all", None)
    missing = tmp_path / "missing" / "dir" / "x"
    status, output = invoke("run", "-o", missing)
    assert status == 2
    assert f"{str(missing)!r} cannot be written: make the folder " in output
    assert invoke("run", "-o", tmp_path)[0] == 2
    file = tmp_path / "file"
    file.touch()
    assert invoke("run", "-o", file / "x")[0] == 2
    assert invoke("run", "-b", "abacus")[0] == 2
    assert invoke("run", "--timeout", "0")[0] == 2


@pytest.mark.parametrize("option", ["--output", "--junit"])
@pytest.mark.parametrize("kind", ["a link to itself", "a link into no folder", "a long name"])
def test_name_that_no_file_can_have_is_refused_before_the_run(tmp_path, monkeypatch, option, kind):
    monkeypatch.setattr(_command_run, "run_all", None)
    path = tmp_path / {"a long name": "n" * 300}.get(kind, "link")
    if kind != "a long name":
        path.symlink_to(path if kind == "a link to itself" else tmp_path / "missing" / "x")
    status, output = invoke("run", option, path)
    assert status == 2
    assert f"{str(path)!r} cannot be written: " in output
    assert {entry.name for entry in tmp_path.iterdir()} <= {"link"}


def test_one_file_for_two_outputs_is_2(tmp_path, monkeypatch):
    monkeypatch.setattr(_command_run, "run_all", None)
    (tmp_path / "link").symlink_to(tmp_path / "x")
    status, output = invoke("run", "-o", tmp_path / "x", "--junit", tmp_path / "link")
    assert status == 2
    assert f"{str(tmp_path / 'link')!r} is named twice: name another file." in output


def test_report_does_not_write_over_a_run(tmp_path):
    path = tmp_path / "run.jsonl"
    assert invoke("run", "-b", "numpy", "-o", path)[0] == 0
    before = path.read_text()
    status, output = invoke("report", path, "-o", tmp_path / "pages", "--junit", path)
    assert status == 2
    assert f"{str(path)!r} is named twice: name another file." in output
    assert path.read_text() == before


@pytest.mark.slow
@pytest.mark.parametrize("number", ["nan", "-NaN", "x", ""])
def test_number_that_is_none_is_2(tmp_path, number):
    path = tmp_path / "run.jsonl"
    assert invoke("run", "-b", "numpy", "-b", "array-api-strict", "-o", path)[0] == 0
    for command in (["run", "--timeout"], ["compare", path, "--fail-above"]):
        status, output = invoke(*command, number)
        assert status == 2
        assert f"Invalid value for '{command[-1]}': '{number}' is " in output


@pytest.mark.parametrize(
    ("error", "said"),
    [(RuntimeError("a\n\x1b[31m"), r"RuntimeError: a \x1b[31m"), (KeyError(), "KeyError")],
)
def test_whatever_else_goes_wrong_is_2(monkeypatch, error, said):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(_command_run, "run_all", fail)
    status, output = invoke("run", "-b", "numpy")
    assert status == 2
    assert re.search(
        rf"Error: {re.escape(said)}, in test_exit_codes\.py, line \d+: report it with the command "
        r"that was given\.$",
        output,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.parametrize(
    "command",
    [["list", "--vectors"], ["explain", "zeros_006"], ["run", "-b", "numpy", "-g", "ordinary"]],
)
def test_reader_that_has_read_enough_is_2_without_a_word(tmp_path, command):
    reading, writing = os.pipe()
    os.close(reading)
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-m", "kldiv_conformance", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 2
    assert b"rror" not in done.stderr


def test_folder_of_pages_that_cannot_be_made_is_2(tmp_path):
    path = tmp_path / "run.jsonl"
    assert invoke("run", "-b", "numpy", "-o", path)[0] == 0
    status, output = invoke("report", path, "-o", path / "pages")
    assert status == 2
    assert "Traceback" not in output
    assert invoke("report", tmp_path / "no.jsonl")[0] == 2


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


def test_crash_of_the_writer_leaves_no_half_file(tmp_path, monkeypatch):
    path = tmp_path / "run.jsonl"
    path.write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files.Path, "replace", full)
    status, output = invoke("run", "-b", "numpy", "-o", path)
    assert status == 2
    assert output.endswith("Error: No space left on device.")
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.jsonl"]


def test_device_and_link_are_written_through(tmp_path):
    write_whole(Path(os.devnull), "text")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted_run_is_2_and_leaves_no_file_and_no_process(kernels, name):
    folder = kernels(
        "slow",
        "import os, pathlib, time\n"
        "def loss(*_, **__):\n"
        "    pathlib.Path('begun').write_text(f'{os.getpid()} ')\n"
        "    time.sleep(10**6)\n",
    )
    # Whoever runs the tests in the background may ignore the signal, and children inherit that.
    listen = (
        "import os, signal, sys; "
        f"signal.signal(signal.{name}, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"
    )
    python = [sys.executable, "-c", listen, sys.executable]
    command = [*python, "-m", "kldiv_conformance", "run", "-b", "numpy", "-i", "slow:loss"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.Popen(
        [*command, "-o", "run.jsonl"], cwd=folder, env=environment, stderr=subprocess.PIPE
    )
    while not (folder / "begun").exists() or " " not in (folder / "begun").read_text():
        time.sleep(0.05)
    run.send_signal(getattr(signal, name))
    _, errors = run.communicate()
    assert run.returncode == 2
    assert errors.decode().endswith("Error: interrupted, and nothing was written.\n")
    assert not (folder / "run.jsonl").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "begun").read_text()), 0)


def test_names_reach_the_terminal_and_the_pages_escaped(tmp_path):
    path = tmp_path / "run.jsonl"
    status, output = invoke("run", "-b", "numpy", "--name", HOSTILE, "-o", path)
    assert status == 0
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert r"[/x]:x: \x1b[31m|`<b>\u202e" in output
    assert invoke("report", path, "-o", tmp_path / "pages")[0] == 0
    markdown = (tmp_path / "pages" / "report.md").read_text()
    assert r"| `&#91;/x&#93;:x: \x1b&#91;31m&#124;&#96;&#60;b&#62;\u202e ` | numpy |" in markdown
    page = (tmp_path / "pages" / "report.html").read_text()
    assert not [text for text in ("<b>", "\x1b", "\u202e") if text in page]


def test_members_of_a_run_file_are_escaped_wherever_they_are_shown(tmp_path):
    path = tmp_path / "run.jsonl"
    lines = list(run_all(["numpy", "array-api-strict"], OURS, chosen=FEW))
    for line in lines:
        if line.get("backend") == "numpy":
            line["backend"] = HOSTILE
        if line["kind"] == "header":
            line["backends"] = [HOSTILE, "array-api-strict"]
            line.update(dict.fromkeys(("implementation", "name", "started", "platform"), HOSTILE))
        if line["kind"] == "backend":
            line["versions"] = {HOSTILE: HOSTILE}
        if line["kind"] == "end":
            line["printed"] = HOSTILE
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    for command in (["compare", path], ["report", path, "-o", tmp_path / "pages"]):
        status, output = invoke(*command)
        assert status == 0
        assert "\x1b" not in output
    markdown = (tmp_path / "pages" / "report.md").read_text()
    assert "\x1b" not in markdown
    assert "<b>" not in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("| `")]
    assert {line.count("`") for line in rows} == {2}
    page = (tmp_path / "pages" / "report.html").read_text()
    assert not [text for text in ("<b>", "\x1b", "\u202e") if text in page]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a b", "a b"), ("\x1b[0m", r"\x1b[0m"), ("\x00\x9b", r"\x00\x9b"), ("\ud800", r"\ud800")],
)
def test_control_characters_are_written_as_escapes(text, shown):
    assert printable(text) == shown


def test_markdown_of_a_name_has_no_markup_and_no_second_line():
    written = each_text({"a|b": ["`c`\nd", 3, None]}, in_markdown)
    assert written == {"a&#124;b": ["&#96;c&#96; d", 3, None]}


@pytest.mark.slow
@pytest.mark.parametrize("command", [["list"], ["backends"], ["explain", "ordinary_001"]])
def test_file_of_the_current_folder_is_not_taken_for_a_library(tmp_path, command):
    for name in ("json", "rich", "click", "jinja2", "re", "typing", "numpy", "jsonschema"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    if command == ["backends"]:
        (tmp_path / "numpy.py").unlink()
    # Python itself imports these two before it comes to the suite.
    for name in ("re", "typing"):
        (tmp_path / f"{name}.py").unlink()
    done = program(*command, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_implementation_of_the_current_folder_is_found_beside_such_files(kernels):
    folder = kernels("mine", "from kldiv_xp import kl_div\n")
    for name in ("json", "rich", "click", "jinja2", "jsonschema"):
        kernels(name, "raise SystemExit('imported')\n")
    command = ["run", "-b", "numpy", "-i", "mine:kl_div", "-o", "run.jsonl"]
    done = program(*command, cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["click", "rich", "jinja2", "jsonschema"])
def test_missing_extra_is_named_with_the_remedy(tmp_path, name):
    code = (
        f"import runpy, sys; sys.modules[{name!r}] = None; sys.argv = ['program', 'list']\n"
        "runpy.run_module('kldiv_conformance', run_name='__main__')"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"kldiv-conformance needs {name}, which is not installed: "
        "pip install 'kldiv-xp[conformance]'.\n"
    )


def test_suite_is_imported_without_the_extra():
    code = (
        "import sys\n"
        "for name in ('click', 'rich', 'jinja2', 'jsonschema'): sys.modules[name] = None\n"
        "import kldiv_conformance"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": paths}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    )


@pytest.mark.skipif(MISSING is None, reason="every backend runs here")
def test_bar_of_a_backend_that_did_not_run_is_not_full(tmp_path):
    done = program("run", "-b", MISSING, cwd=tmp_path)
    assert done.returncode == 2
    assert f" 0/{len(vectors())} " in done.stderr
    done = program("run", "-b", MISSING, "-b", "numpy", "-v", "ordinary_001", cwd=tmp_path)
    assert "1/1" in done.stderr
