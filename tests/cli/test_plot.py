"""What a picture of divergences shows."""

import math
import struct

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from kldiv_xp import diagnose
from kldiv_xp.cli.plot import BLUE, GREY, RED, draw, drawn, edges


@pytest.mark.parametrize(
    ("divergences", "title", "scale"),
    [
        ([0.5, 0.75], "2 samples", "linear"),
        ([0.001, math.inf, 5.0], "3 samples, 1 not finite (red)", "log"),
        ([0.0, 5.0], "2 samples", "linear"),
        ([-0.5, 500.0], "2 samples", "linear"),
        ([0.125, 12.5], "2 samples", "linear"),
        ([0.125, 12.75], "2 samples", "log"),
        ([math.inf, 0.5, -math.inf, 0.5, math.nan], "5 samples, 3 not finite (red)", "linear"),
        ([math.inf, math.nan], "2 samples, 2 not finite (red)", "linear"),
    ],
)
def test_every_sample_is_told_of(divergences, title, scale):
    points, counts = drawn(divergences).axes
    assert points.get_title() == title
    assert points.get_yscale() == scale
    finite = sum(map(math.isfinite, divergences))
    assert len(points.lines[0].get_ydata()) == finite
    assert sum(patch.get_width() for patch in counts.patches) == finite


def test_points_are_blue_what_is_lost_red_and_the_mean_grey():
    points, _ = drawn([0.5, math.inf, 0.25, math.nan, 1.0]).axes
    samples, *lost, mean = points.lines
    assert_allclose(samples.get_xydata(), [(0, 0.5), (2, 0.25), (4, 1.0)])
    assert [list(line.get_xdata()) for line in lost] == [[1, 1], [3, 3]]
    assert_allclose(mean.get_ydata(), 1.75 / 3)
    assert (samples.get_marker(), samples.get_linestyle()) == (".", "None")
    assert [line.get_color() for line in points.lines] == [BLUE, RED, RED, GREY]


def test_mean_is_written_at_its_line():
    points, _ = drawn([0.5, math.inf, 0.25, 1.0]).axes
    (text,) = points.texts
    assert text.get_text() == "mean 0.5833"
    assert text.xy == (1, 1.75 / 3)
    assert (text.get_ha(), text.get_va(), text.get_color()) == ("right", "bottom", GREY)


def test_axes_are_named_and_share_the_divergences():
    points, counts = drawn([0.5, 0.25]).axes
    assert (points.get_xlabel(), points.get_ylabel()) == ("sample", "divergence in nats")
    assert (counts.get_xlabel(), counts.get_ylabel()) == ("samples", "")
    assert points.get_ylim() == counts.get_ylim()
    for axes in (points, counts):
        visible = {name: spine.get_visible() for name, spine in axes.spines.items()}
        assert visible == {"left": True, "bottom": True, "top": False, "right": False}


def test_samples_are_counted_in_whole_numbers():
    for axes in drawn([0.5, 0.25, 0.125]).axes:
        ticks = axes.get_xticks()
        assert list(ticks) == list(map(round, ticks))


def test_points_have_three_times_the_room_of_the_counts():
    figure = drawn([0.5, 0.25])
    figure.draw_without_rendering()
    points, counts = (axes.get_position() for axes in figure.axes)
    assert points.width == pytest.approx(3 * counts.width, rel=0.05)


def test_counts_are_those_of_the_edges():
    divergences = [0.1, 0.1, 0.2, 0.9]
    _, counts = drawn(divergences).axes
    sides = edges(0.1, 0.9)
    assert_allclose([bar.get_y() for bar in counts.patches], sides[:-1])
    assert_allclose(
        [bar.get_width() for bar in counts.patches], np.histogram(divergences, sides)[0]
    )


@pytest.mark.parametrize(("least", "most"), [(0.001, 5.0), (1.0, 100.5)])
def test_edges_of_many_sizes_are_in_equal_ratios(least, most):
    sides = edges(least, most)
    assert_allclose(sides, np.geomspace(least, most, 41))


@pytest.mark.parametrize(
    ("least", "most"), [(0.0, 5.0), (1.0, 100.0), (-1e6, 1e9), (3.0, 3.0), (0.0, 0.0), (-2.0, -2.0)]
)
def test_edges_of_one_size_are_in_equal_steps_a_little_beyond_the_values(least, most):
    sides = edges(least, most)
    beyond = [1e-6 * abs(end) + 1e-9 for end in (least, most)]
    assert_allclose(sides, np.linspace(least - beyond[0], most + beyond[1], 41), rtol=1e-13)
    assert sides == sorted(set(sides))
    assert sides[0] < least
    assert most < sides[-1]


def test_file_is_a_png_of_a_size_for_a_page(tmp_path):
    operands = np.log(np.full((3, 4), 0.25)), np.full((3, 4), 0.25)
    draw(tmp_path / "samples.dat", *operands, diagnose(*operands))
    written = (tmp_path / "samples.dat").read_bytes()
    assert written.startswith(b"\x89PNG")
    assert struct.unpack(">II", written[16:24]) == (1080, 504)


def test_scalars_have_no_samples_to_draw(tmp_path):
    operands = np.log(np.asarray(0.5)), np.asarray(0.5)
    sentence = (
        "A picture needs operands with divergences; got none: mend what was found without --plot "
        "first."
    )
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        draw(tmp_path / "samples.png", *operands, diagnose(*operands))
