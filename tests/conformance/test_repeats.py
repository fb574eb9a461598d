import json
import math
import re

import pytest
from jsonschema import Draft202012Validator

from generate.canonical import file_text
from generate.draft import Draft
from generate.encoding import LONGEST, numbers, repeated
from kldiv_conformance import _vectors
from kldiv_conformance._decode import decode
from kldiv_conformance._repeats import floats, listed
from kldiv_conformance._vectors import read, read_group, vectors

LISTS = {
    "one value": ((2000,), [0.5] * 2000),
    "rows": ((700, 3), [0.5, -0.0, math.inf] * 700),
    "a row that differs": ((700, 3), [0.5, 0.0, 1.0] * 699 + [2.0, 2.0, 3.0]),
    "zeros of both signs": ((2000,), [0.0] * 1000 + [-0.0] * 1000),
    "all different": ((2000,), [float(number) for number in range(2000)]),
    "edges": ((1, 1025), [1.0] * 255 + [2.0, 3.0] + [1.0] * 767 + [4.0]),
}
NO_REPEATS = {
    "another object": {"values": []},
    "more members": {"repeats": [[1, ["0x1.0p+0"]]], "shape": []},
    "no pairs": {"repeats": []},
    "no list of pairs": {"repeats": 3},
    "a count of 0": {"repeats": [[0, ["0x1.0p+0"]]]},
    "a negative count": {"repeats": [[-1, ["0x1.0p+0"]]]},
    "a count that is a bool": {"repeats": [[True, ["0x1.0p+0"]]]},
    "a count that is no int": {"repeats": [[1.5, ["0x1.0p+0"]]]},
    "nothing that repeats": {"repeats": [[2, []]]},
    "a value without a list": {"repeats": [[2, "0x1.0p+0"]]},
    "three of a pair": {"repeats": [[2, ["0x1.0p+0"], 3]]},
    "text": "0x1.0p+0",
}


@pytest.mark.parametrize(("shape", "values"), LISTS.values(), ids=LISTS)
def test_long_list_is_read_as_it_was_before_it_was_written(shape, values):
    stored = json.loads(json.dumps(numbers(values, shape)))
    assert set(stored) == {"repeats"}
    assert list(map(float.hex, floats(stored))) == list(map(float.hex, values))


def test_what_repeats_stands_once():
    assert numbers([0.5, 1.0, 2.0] * 1000, (1000, 3))["repeats"] == [
        (1000, [(0.5).hex(), (1.0).hex(), (2.0).hex()])
    ]
    assert repeated([True] * 1200 + [False, True, False], (1203,))["repeats"] == [
        (1200, [True]),
        (1, [False, True, False]),
    ]


def test_short_list_is_written_as_it_is():
    assert numbers([0.5] * LONGEST, (LONGEST,)) == [(0.5).hex()] * LONGEST


@pytest.mark.parametrize("read_list", [floats, listed])
@pytest.mark.parametrize("stored", NO_REPEATS.values(), ids=NO_REPEATS)
def test_what_is_no_list_of_repeats_is_refused_with_an_example(stored, read_list):
    message = (
        "values must be a list, or an object whose one member 'repeats' holds pairs of a count "
        f"and a list, like [3, ['0x1.0p+0']]; got {stored!r}."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        read_list(stored)


def test_values_that_do_not_fill_the_shape_are_refused():
    (stored, *_) = read("sizes")["vectors"]
    shorter = {**stored["input"], "shape": [1, 1026]}
    with pytest.raises(ValueError, match=r"the shape \(1, 1026\) needs 1026 values; got 1025\."):
        decode("sizes", {**stored, "input": shorter})


def test_schema_refuses_what_the_reader_refuses():
    validator, content = Draft202012Validator(read("schema")), read("sizes")
    (right, *_) = content["vectors"]
    for stored in NO_REPEATS.values():
        changed = {**right, "input": {**right["input"], "values": stored}}
        assert not validator.is_valid({**content, "vectors": [changed]}), stored
    for count, row in ((1, ["1.5"]), (1, [1.5]), (1, [True])):
        wrong = {**right["input"], "values": {"repeats": [[count, row]]}}
        assert not validator.is_valid({**content, "vectors": [{**right, "input": wrong}]}), row


def test_files_with_repeats_say_so_by_their_format():
    for group in _vectors.groups():
        content = read(group)
        assert content["format"] == (2 if '"repeats"' in json.dumps(content) else 1), group
    draft = {"comment": "A sum.", "flags": ("Sum",), "reduction": "sum"}
    short = Draft(input=(-1.0,) * 4, target=(0.5,) * 4, **draft)
    long = Draft(input=(-1.0,) * 2000, target=(0.5,) * 2000, **draft)
    for drafts, version in (([short], 1), ([short, long], 2)):
        assert json.loads(file_text("some", "Some sums.", "some", drafts))["format"] == version


def test_file_of_an_unknown_format_is_refused_with_the_remedy(tmp_path, monkeypatch):
    folder = tmp_path / "vectors"
    folder.mkdir()
    (folder / "sizes.json").write_text('{"format": 3, "vectors": []}')
    monkeypatch.setattr(_vectors, "files", lambda _: tmp_path)
    message = (
        "'sizes.json' has format 3; this reads 1 and 2: install the version that it came with."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        read_group.__wrapped__("sizes")


def test_file_of_a_million_elements_is_small():
    text = json.dumps(read("sizes"))
    assert len(text) < 130_000
    assert sum(len(vector.input.values) for vector in vectors("sizes")) > 10**6
