"""The command line diagnoses files: its exit code, its table and its JSON."""

import importlib
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from cli.files_of_operands import P, Q, diagnose, refused

from kldiv_xp.diagnosis.report import Finding, Report

pytest.importorskip("rich", reason="rich is not installed")
pytest.importorskip("click", reason="click is not installed")


PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_packages_of_the_extra_are_those_that_it_installs():
    from kldiv_xp.cli.main import EXTRA

    extra = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]["cli"]
    assert {one.partition(">=")[0] for one in extra} == {*EXTRA, "numpy"}


def test_nothing_found_ends_with_zero(files):
    done = diagnose(files, "log_q.npy", "p.npy")
    assert done.exit_code == 0, done.output
    assert "Found nothing in operands of kl_div, of shape (2, 2)" in done.output
    assert "The loss in nats: sum 0.460218" in done.output


def test_mistakes_end_with_one_and_a_table(files):
    done = diagnose(files, "q.npy", "p.npy")
    assert done.exit_code == 1
    assert "Found 1 mistake in operands of kl_div, of shape (2, 2)" in done.output
    for word in ("mistake", "index", "value", "count", "what to do", "(0, 0)", "0.25"):
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


def test_bad_axis_is_told_in_a_sentence(files):
    done = diagnose(files, "log_q.npy", "p.npy", "--axis", "5")
    assert done.exit_code == 2
    assert "`axis` must name axes of the operands, which have 2; got 5" in done.output


def test_axis_is_the_last_if_none_is_named(files):
    np.save(files / "cube.npy", np.log(np.broadcast_to(Q[:, None], (2, 3, 2))))
    np.save(files / "even.npy", np.full((2, 3, 2), 0.5))
    assert diagnose(files, "cube.npy", "even.npy").exit_code == 0
    assert "if left out the last one" in " ".join(diagnose(files, "--help").output.split())


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
    table = command_line.table_of_findings(Report(findings, {}, (2, 2), (1,), log_target=False))
    assert table.show_lines
    assert {column.header: (column.justify, list(column.cells)) for column in table.columns} == {
        "mistake": ("left", ["first", "second"]),
        "index": ("left", ["(1, 2)", ""]),
        "value": ("left", ["0.123457", ""]),
        "count": ("right", ["3", "1"]),
        "what to do": ("left", ["Do this.", "Do that."]),
    }


def test_a_mask_leaves_out_what_is_wrong(files):
    log_q = np.log(Q)
    log_q[1] = np.nan
    mask = np.asarray([[True, True], [False, False]])
    np.savez(files / "run.npz", log_q=log_q, p=P, mask=mask, rows=mask[:, 0])
    assert diagnose(files, "run.npz:log_q", "run.npz:p").exit_code == 1
    done = diagnose(files, "run.npz:log_q", "run.npz:p", "--where", "run.npz:mask")
    assert done.exit_code == 0, done.output
    assert "sum 0.143841" in done.output
    done = diagnose(files, "run.npz:log_q", "run.npz:p", "--axis", "-1", "--where", "run.npz:rows")
    assert done.exit_code == 0, done.output


def test_a_mask_that_is_no_file_is_refused(files):
    said = refused(diagnose(files, "log_q.npy", "p.npy", "--where", "none.npy"))
    assert "give the path of a file that exists" in said
    said = refused(diagnose(files, "log_q.npy", "p.npy", "--where", "p.npy", "--plot", "a.png"))
    assert said == ("A picture draws all samples, and --where leaves some out: leave out --plot.\n")


def test_the_loss_is_that_of_its_options(files):
    options = ("--temperature", "2", "--reduction", "mean")
    done = diagnose(files, "log_q.npy", "log_q.npy", *options)
    assert done.exit_code == 0, done.output
    call = "kl_div_with_logits(temperature=2.0, reduction='mean')"
    assert f"The loss in nats, {call}: mean 0." in " ".join(done.output.split())
    done = diagnose(files, "log_q.npy", "p.npy", "--beta", "1", "--axis", "-1")
    assert done.exit_code == 0, done.output
    assert "js_div(beta=1.0)" in done.output
