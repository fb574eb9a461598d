import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from kldiv_conformance._formats import FORMATS, is_representable
from kldiv_conformance._vectors import find, groups, notes, read, vectors


@pytest.mark.long
@pytest.mark.cases(3)
@pytest.mark.parametrize("group", groups())
def test_file_of_every_group_obeys_the_schema(group):
    schema = read("schema")
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(read(group))] == []


def test_schema_tells_the_kinds_of_calls_apart():
    validator = Draft202012Validator(read("schema"))
    for group, wrong in {
        "tables": [{"temperature": "0x1.0000000000000p+0"}, {"beta": None}, {"axis": "last"}],
        "hidden_states": [{"weight": None}, {"axis": -1}, {"tail": "zero"}, {"function": "js_div"}],
    }.items():
        content = read(group)
        right = next(one for one in content["vectors"] if "indices" not in one)
        assert validator.is_valid({**content, "vectors": [right]})
        for change in wrong:
            changed = {name: one for name, one in {**right, **change}.items() if one is not None}
            assert not validator.is_valid({**content, "vectors": [changed]}), change


def test_there_are_at_least_600_vectors_and_no_group_is_empty():
    assert len(vectors()) >= 600
    assert all(vectors(group) for group in groups())


def test_no_id_is_given_twice():
    identifiers = [vector.id for vector in vectors()]
    assert len(set(identifiers)) == len(identifiers)


def test_every_vector_has_a_comment_and_flags_that_have_notes():
    assert all(vector.comment and vector.flags for vector in vectors())
    assert {flag for vector in vectors() for flag in vector.flags} == set(notes())


def test_every_note_names_a_bug_and_a_public_link():
    for note in notes().values():
        assert note.description
        assert note.bug
        assert all(link.startswith("https://") for link in note.links)
        assert note.links


def test_every_expected_number_is_one_of_its_format():
    for vector in vectors():
        for result in vector.results.values():
            form = FORMATS[result.dtype]
            assert all(is_representable(value, form) for value in result.values), vector.id
            assert len(result.error_bound) == len(result.values), vector.id


def test_conventions_include_ours_and_ours_is_what_is_expected():
    differing = [vector for vector in vectors() if vector.conventions]
    assert differing
    for vector in differing:
        ours = vector.conventions["kldiv_xp"]
        expected = {name: result.values for name, result in vector.results.items()}
        assert str(ours) == str(expected), vector.id


def test_files_are_ascii_with_one_vector_a_line():
    for group in groups():
        path = files("kldiv_conformance") / "vectors" / f"{group}.json"
        lines = path.read_bytes().decode("ascii").splitlines()
        found = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"id"')]
        assert len(found) == len(vectors(group))


def test_pages_say_how_many_vectors_there_are():
    root = Path(__file__).parents[2]
    for page, words in (("README.md", "calls whose"), ("CHANGELOG.md", "vectors with")):
        said = re.search(rf"(\d+) {words}", (root / page).read_text(encoding="utf-8"))
        assert said, page
        assert int(said[1]) == len(vectors()), page


def test_unknown_group_is_named_with_the_remedy():
    with pytest.raises(ValueError, match=r"`group` must be one of 'ordinary', .*; got 'odd'"):
        vectors("odd")


def test_unknown_id_is_named_with_an_example():
    with pytest.raises(KeyError, match="no vector has the id 'x': ids look like 'ordinary_001'"):
        find("x")
