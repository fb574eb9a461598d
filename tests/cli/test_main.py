"""The command line diagnoses files: its table, its exit code, its picture."""

import importlib
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from kldiv_xp import kl_div_with_logits
from kldiv_xp.diagnosis.report import Finding, Report

pytest.importorskip("rich", reason="rich is not installed")
testing = pytest.importorskip("click.testing", reason="click is not installed")

Q = np.asarray([[0.25, 0.75], [0.5, 0.5]], dtype="float32")
P = np.asarray([[0.5, 0.5], [0.125, 0.875]], dtype="float32")


@pytest.fixture
def files(tmp_path):
    """Folder with right and wrong operands in every format."""
    np.save(tmp_path / "log_q.npy", np.log(Q))
    np.save(tmp_path / "q.npy", Q)
    np.save(tmp_path / "p.npy", P)
    np.savez(tmp_path / "both.npz", log_q=np.log(Q), p=P)
    np.savez(tmp_path / "one.npz", p=P)
    return tmp_path


def diagnose(folder, *arguments):
    names = [str(folder / one) if "." in one and one[0] != "-" else one for one in arguments]
    command_line = importlib.import_module("kldiv_xp.cli.main")
    return testing.CliRunner().invoke(command_line.main, ["diagnose", *names])


def test_nothing_found_ends_with_zero(files):
    done = diagnose(files, "log_q.npy", "p.npy")
    assert done.exit_code == 0, done.output
    assert "Found nothing in operands of shape (2, 2)" in done.output
    assert "The loss in nats: sum 0.460218" in done.output


def test_mistakes_end_with_one_and_a_table(files):
    done = diagnose(files, "q.npy", "p.npy")
    assert done.exit_code == 1
    assert "Found 1 mistake in operands of shape (2, 2)" in done.output
    for word in ("mistake", "where", "value", "count", "what to do", "(0, 0)", "0.25"):
        assert word in done.output


def test_report_as_json(files):
    done = diagnose(files, "q.npy", "p.npy", "--json")
    assert done.exit_code == 1
    report = json.loads(done.output)
    assert [one["code"] for one in report["findings"]] == ["probabilities-as-input"]


def test_options_are_those_of_the_function(files):
    np.save(files / "log_p.npy", np.log(P.T))
    np.save(files / "log_q_t.npy", np.log(Q.T))
    done = diagnose(files, "log_q_t.npy", "log_p.npy", "--log-target", "--axis", "0")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("first", "second"), [("both.npz:log_q", "both.npz:p"), ("log_q.npy", "one.npz")]
)
def test_arrays_are_named_in_archives(files, first, second):
    assert diagnose(files, first, second).exit_code == 0


def test_safetensors_are_read(files):
    numpy = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    numpy.save_file({"log_q": np.log(Q), "p": P}, files / "both.safetensors")
    done = diagnose(files, "both.safetensors:log_q", "both.safetensors:p")
    assert done.exit_code == 0, done.output


def test_missing_name_is_told_in_a_sentence(files):
    done = diagnose(files, "both.npz", "p.npy")
    assert done.exit_code == 2
    sentence = (
        f"The name of an array in {files}/both.npz must be one of log_q, p; got '': write it "
        f"behind the file, {files}/both.npz:log_q."
    )
    assert sentence in done.output.replace("\n", "")


@pytest.mark.parametrize("name", ["p.csv", "p.zip:name", "p.bin:name"])
def test_unknown_format_is_told_in_a_sentence(files, name):
    done = diagnose(files, name, "p.npy")
    assert done.exit_code == 2
    assert "must end in .npy, .npz or .safetensors; got" in done.output


def test_name_of_an_array_behind_a_file_of_one_is_refused(files):
    said = refused(diagnose(files, "log_q.npy", "p.npy:q"))
    assert (
        f"A file of one array has no names in it; got {files}/p.npy:q: write {files}/p.npy" in said
    )
    assert diagnose(files, "log_q.npy", "p.npy").exit_code == 0


@pytest.mark.parametrize(
    ("package", "operands"),
    [
        ("safetensors", ["p.safetensors", "p.npy"]),
        ("matplotlib", ["log_q.npy", "p.npy", "--plot", "samples.png"]),
    ],
)
def test_missing_package_of_a_format_or_a_picture_is_named(files, monkeypatch, package, operands):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)

    class Missing:
        def find_spec(self, name, *_):
            if name.partition(".")[0] == package:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    done = diagnose(files, *operands)
    assert done.exit_code == 2
    assert done.output.strip().endswith(
        f"This needs {package}, which is not installed: pip install {package}."
    )


def test_missing_file_is_told(files):
    for names in (["absent.npy", "p.npy"], ["log_q.npy", "absent.npz:p"]):
        done = diagnose(files, *names)
        assert done.exit_code == 2
        assert " ".join(done.output.split()).endswith(
            "must be a file that can be read; got 'No such file or directory': give the path of a "
            "file that exists, from the current folder."
        )
        assert "/absent.np" in done.output


def test_pickled_objects_are_refused(files):
    objects = np.asarray([[1.0, None]], dtype=object)
    np.save(files / "objects.npy", objects)
    np.savez(files / "objects.npz", objects=objects)
    done = diagnose(files, "objects.npy", "p.npy")
    assert done.exit_code == 2
    assert "Python objects in dtype" in done.output
    done = diagnose(files, "objects.npz", "p.npy")
    assert done.exit_code == 2
    assert "Object arrays cannot be loaded" in done.output


# Files that cannot be read end with 2 and one sentence.


def npy(array=Q):
    """Bytes of a file of one array."""
    memory = io.BytesIO()
    np.save(memory, array)
    return memory.getvalue()


def npz(name="p", *, member=None):
    """Bytes of an archive with one member."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(f"{name}.npy", npy() if member is None else member)
    return memory.getvalue()


def encrypted():
    """Bytes of an archive whose member says that it is encrypted."""
    data = bytearray(npz())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    return bytes(data)


def header(text):
    """Bytes of a file of one array with another header."""
    line = text.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line


HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000000,), }"
DAMAGED = {
    "empty.npy": b"",
    "short.npy": npy()[:-3],
    "only_magic.npy": npy()[:8],
    "half_a_header.npy": npy()[:60],
    "noise.npy": bytes(range(256)),
    "text.npy": b"0.25 0.75",
    "wrong_header.npy": header("{'descr': '<f4'}"),
    "no_header.npy": header("((((("),
    "huge.npy": header(HUGE),
    "an_archive.npy": npz(),
    "empty.npz": b"",
    "short.npz": npz()[:-30],
    "half.npz": npz()[: len(npz()) // 2],
    "noise.npz": bytes(range(256)),
    "an_array.npz": npy(),
    "encrypted.npz": encrypted(),
    "no_array.npz": npz(member=b"not an array"),
    "empty_member.npz": npz(member=b""),
    "short_member.npz": npz(member=npy()[:-3]),
    "huge_member.npz": npz(member=header(HUGE)),
    "wrong_sum.npz": npz().replace(npy()[-4:], b"abcd", 1),
    "empty.safetensors": b"",
    "noise.safetensors": bytes(range(256)),
    "huge.safetensors": b"\xff" * 16,
}


def refused(done):
    """The one sentence behind the usage."""
    assert done.exit_code == 2, (done.output, done.exception)
    assert isinstance(done.exception, SystemExit)
    _, _, said = done.output.partition("Error: ")
    assert said.endswith(".\n")
    assert said.count("\n") == 1
    assert said.removesuffix("\n").isprintable()
    return said


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_told_in_a_sentence(files, name, place):
    if name.endswith(".safetensors"):
        pytest.importorskip("safetensors", reason="safetensors is not installed")
    (files / name).write_bytes(DAMAGED[name])
    names = [name, "p.npy"] if place == 0 else ["log_q.npy", name]
    said = refused(diagnose(files, *names))
    assert f"A file must hold arrays of numbers that can be read; got {files}/{name} (" in said
    assert said.endswith("): save it again, by numpy.save or numpy.savez.\n")
    np.save(files / "again.npy", np.log(Q) if place == 0 else P)
    names[place] = "again.npy"
    assert diagnose(files, *names).exit_code == 0


def test_folder_and_file_without_permission_are_told(files):
    (files / "folder.npy").mkdir()
    said = refused_by_the_system(diagnose(files, "folder.npy", "p.npy"))
    assert "folder.npy" in said


def refused_by_the_system(done):
    assert done.exit_code == 2, (done.output, done.exception)
    return done.output.partition("Error: ")[2]


ESCAPE = "a\x1b[31mred\x07\n\u202e"


def test_names_of_members_do_not_steer_the_terminal(files):
    np.savez(files / "names.npz", **{ESCAPE: P, "other": P})
    done = diagnose(files, "log_q.npy", "names.npz")
    said = refused(done)
    assert r"a\x1b[31mred\x07\n\u202e" in said
    assert diagnose(files, "log_q.npy", f"names.npz:{ESCAPE}").exit_code == 0


def test_names_of_files_do_not_steer_the_terminal(files):
    said = refused_by_the_system(diagnose(files, "log_q.npy", "\x1b[31m.npy"))
    assert "\x1b" not in said
    said = refused(diagnose(files, "log_q.npy", "a\x1b[31m.csv"))
    assert "x1b[31m" in said


def test_messages_are_no_markup(files):
    records = np.zeros((2, 2), dtype=[("[red]\x1b", "f4")])
    np.save(files / "records.npy", records)
    done = diagnose(files, "log_q.npy", "records.npy")
    assert done.exit_code == 1, done.output
    shown = "".join(done.output.replace("\u2502", "").split())
    assert r'target["[red]\x1b"]' in shown


def test_picture_needs_a_folder(files):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    said = refused_by_the_system(
        diagnose(files, "log_q.npy", "p.npy", "--plot", "missing/samples.png")
    )
    assert " ".join(said.split()) == (
        f"'{files}/missing/samples.png' must be a file that can be written; got 'No such file or "
        "directory': make its folder first, or name a file in another one."
    )
    (files / "missing").mkdir()
    done = diagnose(files, "log_q.npy", "p.npy", "--plot", "missing/samples.png")
    assert done.exit_code == 0, done.output


PATHS = {
    "an absent input": (("absent.npy", "p.npy"), "absent.npy", "log_q.npy"),
    "an absent target": (("log_q.npy", "absent.npy"), "absent.npy", "p.npy"),
    "an absent archive": (("absent.npz:q", "p.npy"), "absent.npz", "both.npz:log_q"),
    "a folder": (("folder.npy", "p.npy"), "folder.npy", "log_q.npy"),
    "a picture": (("log_q.npy", "p.npy", "--plot", "no/x.png"), "no/x.png", "x.png"),
    "a picture in a file": (
        ("log_q.npy", "p.npy", "--plot", "p.npy/x.png"),
        "p.npy/x.png",
        "x.png",
    ),
}


@pytest.mark.parametrize("row", PATHS)
def test_path_that_cannot_be_opened_is_told_in_a_sentence_and_nothing_else_is_lost(files, row):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    arguments, wrong, right = PATHS[row]
    (files / "folder.npy").mkdir()
    done = diagnose(files, *arguments)
    said = refused(done)
    verb = "written" if "--plot" in arguments else "read"
    assert f"'{files}/{wrong}' must be a file that can be {verb}; got '" in said
    assert "Errno" not in said
    assert ("Found nothing" in done.output) == ("--plot" in arguments)
    mended = [right if one in {wrong, "absent.npz:q"} else one for one in arguments]
    assert diagnose(files, *mended).exit_code == 0


@pytest.mark.filterwarnings("error")
def test_picture_of_no_samples_is_refused_without_a_warning(files):
    np.save(files / "none.npy", np.ones((0, 5)))
    done = diagnose(files, "none.npy", "none.npy", "--plot", "x.png")
    assert "A picture needs operands with divergences; got none" in refused(done)
    assert "Found nothing" in done.output


# Options


def test_logits_are_diagnosed_and_drawn(files):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    np.save(files / "logits.npy", 2 * np.log(Q) + 1)
    options = ("--input-is", "logits", "--target-is", "probabilities", "--plot", "samples.png")
    done = diagnose(files, "logits.npy", "p.npy", *options)
    assert done.exit_code == 0, done.output
    assert "an input of logits and a target of probabilities" in " ".join(done.output.split())
    loss = kl_div_with_logits(2 * np.log(Q) + 1, P, target_is="probabilities", reduction="sum")
    assert f"The loss in nats: sum {float(loss):.6g}" in done.output
    assert (files / "samples.png").read_bytes().startswith(b"\x89PNG")
    done = diagnose(files, "logits.npy", "p.npy", "--input-is", "logits")
    assert done.exit_code == 1
    assert "target_is='probabilities'" in "".join(done.output.split("\n"))


def test_options_that_do_not_go_together_are_told(files):
    said = refused(diagnose(files, "log_q.npy", "p.npy", "--log-target", "--input-is", "logits"))
    assert "`log_target` must be left out where input_is='logits'" in said


def test_several_axes_have_commas_between_them(files):
    maps = np.arange(1.0, 25).reshape(2, 3, 4) / np.asarray([78.0, 222.0]).reshape(2, 1, 1)
    np.save(files / "maps.npy", maps)
    np.save(files / "even.npy", np.full((2, 3, 4), -np.log(12)))
    assert diagnose(files, "even.npy", "maps.npy").exit_code == 1
    done = diagnose(files, "even.npy", "maps.npy", "--axis", "1,2")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("axis", ["x", "1,", "1.0", ""])
def test_axis_that_is_no_number_is_told(files, axis):
    said = refused(diagnose(files, "log_q.npy", "p.npy", f"--axis={axis}"))
    assert said.endswith(
        "an axis is a whole number, and several have commas between them; got "
        f"{axis!r}: write -1 or 1,2.\n"
    )


def test_empty_archive_is_told_in_a_sentence(files):
    np.savez(files / "none.npz")
    done = diagnose(files, "none.npz", "p.npy")
    assert done.exit_code == 2
    sentence = f"A file of arrays must hold one; got {files}/none.npz with none: save it again."
    assert sentence in done.output.replace("\n", "")


def test_bad_axis_is_told_in_a_sentence(files):
    done = diagnose(files, "log_q.npy", "p.npy", "--axis", "5")
    assert done.exit_code == 2
    assert "`axis` must name axes of the operands, which have 2; got 5" in done.output


@pytest.mark.parametrize("factors", [(1, 1), (1e-3, 3)])
def test_picture_is_drawn(files, factors):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((200, 50)) * np.geomspace(*factors, 200)[:, None]
    q = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.save(files / "many.npy", np.log(q))
    p = np.full((200, 50), 1 / 50)
    p[3, 4] = np.nan
    np.save(files / "even.npy", p)
    done = diagnose(files, "many.npy", "even.npy", "--plot", "samples.png")
    assert done.exit_code == 1, done.output
    assert (files / "samples.png").read_bytes().startswith(b"\x89PNG")


def test_picture_of_equal_divergences_is_drawn(files):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    np.save(files / "same.npy", np.log(np.full((5, 4), 0.25)))
    done = diagnose(files, "same.npy", "same.npy", "--log-target", "--plot", "samples.png")
    assert done.exit_code == 0, done.output


def test_picture_needs_divergences(files):
    np.save(files / "labels.npy", np.asarray([0, 1]))
    done = diagnose(files, "log_q.npy", "labels.npy", "--plot", "samples.png")
    assert done.exit_code == 2
    assert "A picture needs operands with divergences; got none" in done.output
    np.save(files / "none.npy", np.zeros((0, 2)))
    done = diagnose(files, "none.npy", "none.npy", "--plot", "samples.png")
    assert done.exit_code == 2
    assert "A picture needs operands with divergences; got none" in done.output


def test_axis_is_the_last_if_none_is_named(files):
    np.save(files / "cube.npy", np.log(np.broadcast_to(Q[:, None], (2, 3, 2))))
    np.save(files / "even.npy", np.full((2, 3, 2), 0.5))
    assert diagnose(files, "cube.npy", "even.npy").exit_code == 0
    assert "[default: -1]" in diagnose(files, "--help").output


def test_picture_is_not_written_over_a_folder(files):
    done = diagnose(files, "log_q.npy", "p.npy", "--plot", "../.")
    assert done.exit_code == 2
    assert f"File '{files}/..' is a directory" in done.output


def test_json_is_indented_by_two(files):
    assert '{\n  "findings": [\n    {' in diagnose(files, "q.npy", "p.npy", "--json").output


def test_nothing_but_the_table_is_styled_on_a_terminal(files, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = diagnose(files, "q.npy", "p.npy").output.splitlines()
    assert any("\x1b" in line for line in lines)
    for line in lines:
        if line.startswith(("Found", "The loss")):
            assert "\x1b" not in line


def test_table_has_a_row_for_each_finding_and_blanks_for_what_is_unknown():
    command_line = importlib.import_module("kldiv_xp.cli.main")
    findings = (
        Finding("first", "input", (1, 2), 0.12345678, 3, "Do this."),
        Finding("second", "target", None, None, 1, "Do that."),
    )
    table = command_line.table(Report(findings, {}, (2, 2), (1,), log_target=False))
    assert table.show_lines
    assert {column.header: (column.justify, list(column.cells)) for column in table.columns} == {
        "mistake": ("left", ["first", "second"]),
        "where": ("left", ["(1, 2)", ""]),
        "value": ("left", ["0.123457", ""]),
        "count": ("right", ["3", "1"]),
        "what to do": ("left", ["Do this.", "Do that."]),
    }


def test_module_can_be_run(files):
    command = [sys.executable, "-m", "kldiv_xp", "diagnose", files / "q.npy", files / "p.npy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Found 1 mistake" in done.stdout


def test_file_of_the_current_folder_is_not_taken_for_a_library(files):
    names = ("array_api_compat", "click", "copy", "inspect", "json", "numbers", "numpy", "rich")
    for name in names:
        (files / f"{name}.py").write_text("raise SystemExit('imported')\n")
    command = [sys.executable, "-m", "kldiv_xp", "diagnose", "log_q.npy", "p.npy"]
    done = subprocess.run(command, cwd=files, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_module_that_is_imported_leaves_the_path_alone(tmp_path):
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__init__.py").write_text("import kldiv_xp\n")
    (tmp_path / "program" / "train.py").write_text("import sys; print(sys.path[0])\n")
    command = [sys.executable, "-m", "program.train", "kldiv_xp"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(tmp_path)


def test_module_that_is_imported_does_nothing():
    assert importlib.import_module("kldiv_xp.__main__").NEEDED == ("click", "numpy", "rich")


def test_missing_package_is_told_in_a_sentence(tmp_path):
    program = (
        "import importlib.util, runpy\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'click' else find(name)\n"
        "runpy.run_module('kldiv_xp', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "The command line needs click, which is not installed: pip install 'kldiv-xp[cli]'."
    )
