"""Files that are read, and those that are not end with 2 and one sentence."""

import io
import sys
import zipfile

import numpy as np
import pytest
from cli.files_of_operands import P, Q, diagnose, refused, refused_by_the_system

from kldiv_xp.cli.array_files import load_array

pytest.importorskip("rich", reason="rich is not installed")
pytest.importorskip("click", reason="click is not installed")


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


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_bfloat16_is_read_as_such(files, kind):
    dtype = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed").bfloat16
    arrays = {"log_q": np.log(Q).astype(dtype), "p": P.astype(dtype)}
    names = [f"both.{kind}:{name}" for name in arrays]
    if kind == "npy":
        names = [f"narrow_{name}.npy" for name in arrays]
        for path, array in zip(names, arrays.values(), strict=True):
            np.save(files / path, array)
    elif kind == "npz":
        np.savez(files / "both.npz", **arrays)
    else:
        numpy = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
        numpy.save_file(arrays, files / "both.safetensors")
    done = diagnose(files, *names)
    assert done.exit_code == 0, done.output
    for name, array in zip(names, arrays.values(), strict=True):
        found = load_array(str(files / name))
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, array)


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
        f"This needs {package}, which is not installed: pip install {package}, or in a clone pip "
        "install '.[cli]' for all that the command line may need."
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


@pytest.mark.few(0, 6)
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


def test_empty_archive_is_told_in_a_sentence(files):
    np.savez(files / "none.npz")
    done = diagnose(files, "none.npz", "p.npy")
    assert done.exit_code == 2
    sentence = f"A file of arrays must hold one; got {files}/none.npz with none: save it again."
    assert sentence in done.output.replace("\n", "")
