"""Warnings that point at the user's line."""

import inspect
import types
import warnings

import pytest

from kldiv_xp import KLDivWarning
from kldiv_xp._warnings import frames_of_machinery, package_of, warn


def caught_from(function, *arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(*arguments)
    return [(w.filename, w.lineno) for w in caught]


def test_warning_points_at_the_line_that_called():
    line = inspect.currentframe().f_lineno + 1
    assert caught_from(lambda: warn("text", KLDivWarning)) == [(__file__, line)]


def test_frames_of_our_own_and_of_a_tracer_are_passed_over():
    for package in ("kldiv_xp.api.kl_div_loss", "torch._dynamo.symbolic_convert"):
        module = types.ModuleType(package)
        exec("def call(function, *arguments):\n    function(*arguments)", vars(module))
        call = module.call
        line = inspect.currentframe().f_lineno + 1
        assert caught_from(lambda: call(warn, "text", KLDivWarning)) == [(__file__, line)]  # noqa: B023


def test_frames_of_machinery_are_counted_up_to_the_first_of_the_user():
    ours = {"__name__": "kldiv_xp._somewhere", "count": frames_of_machinery}
    assert eval("count()", ours) == 1
    assert frames_of_machinery() == 0


@pytest.mark.parametrize(("name", "package"), [("torch._dynamo.x", "torch"), ("", "")])
def test_package_is_the_first_part_of_the_name(name, package):
    assert package_of({"__name__": name}) == package


def test_category_can_be_filtered_by_its_public_name():
    assert KLDivWarning.__module__ == "kldiv_xp"
    assert issubclass(KLDivWarning, UserWarning)
