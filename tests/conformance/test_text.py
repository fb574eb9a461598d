"""Names from elsewhere reach the terminal and the pages escaped."""

import json

import pytest
from conformance_commands import FEW, invoke

from kldiv_conformance._run import run_all
from kldiv_conformance._text import each_text, in_markdown, printable

pytestmark = pytest.mark.usefixtures("only_a_few_vectors")
OURS = "kldiv_xp:kl_div"
HOSTILE = "[/x]:x: \x1b[31m|`<b>\u202e\n"


@pytest.mark.slow
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


@pytest.mark.long
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
