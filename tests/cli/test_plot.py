"""Pictures of divergences: their marks, axes and texts."""

import math
import struct

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from kldiv_xp import diagnose
from kldiv_xp.cli.plot import BLUE, GREY, RED, Samples, draw, edges, figure_of_samples
from kldiv_xp.cli.plot_marks import MOST, index_of, marks_of, merged_marks, sample_number


def picture(values, *more, shape=None):
    return figure_of_samples(Samples(values, (len(values),) if shape is None else shape), *more)


def header(figure):
    return figure.get_suptitle().splitlines()


def places(axes, color):
    """Places of the points of a colour, those of all lines of points together."""
    lines = [line for line in axes.lines if line.get_linestyle() == "None"]
    return sorted(x for line in lines if line.get_color() == color for x in line.get_xdata())


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("divergences", "said", "scale"),
    [
        ([0.5], "1 sample", "linear"),
        ([0.5, 0.75], "2 samples", "linear"),
        ([0.001, INF, 5.0], "3 samples, 1 infinite (red)", "log"),
        ([0.0, 5.0], "2 samples", "linear"),
        ([-0.5, 500.0], "2 samples, 1 negative (red)", "linear"),
        ([-1e-7, 0.5], "2 samples", "linear"),
        ([0.125, 12.5], "2 samples", "linear"),
        ([0.125, 12.75], "2 samples", "log"),
        ([INF, 0.5, -INF, 0.5, NAN], "5 samples, 2 infinite, 1 NaN (red)", "linear"),
        ([INF, NAN], "2 samples, 1 infinite, 1 NaN (red)", "linear"),
    ],
)
def test_every_sample_is_told_of(divergences, said, scale):
    figure = picture(divergences)
    points, counts = figure.axes
    assert header(figure) == [said]
    assert points.get_yscale() == scale
    finite = [place for place, value in enumerate(divergences) if math.isfinite(value)]
    wrong = [place for place in range(len(divergences)) if place not in finite]
    wrong += [place for place in finite if divergences[place] < -1e-5]
    assert places(points, RED) == sorted(wrong)
    assert places(points, BLUE) == [place for place in finite if place not in wrong]
    assert sum(patch.get_width() for patch in counts.patches) == len(finite)


def test_where_no_divergence_is_finite_there_is_no_scale():
    points, counts = picture([NAN, INF, NAN]).axes
    assert list(points.get_yticks()) == []
    assert not counts.get_visible()
    assert places(points, RED) == [0, 1, 2]


def test_what_is_not_finite_stands_at_the_edge():
    points, _ = picture([0.5, INF, -INF, NAN]).axes
    across = points.get_xaxis_transform()
    lost = [line for line in points.lines if line.get_transform() == across]
    found = {line.get_marker(): line.get_xydata()[0].tolist() for line in lost[:3]}
    assert found == {"^": [1, 1], "v": [2, 0], "x": [3, 0]}


def test_where_no_divergence_is_the_ground_is_red():
    points, _ = picture([0.5, -0.5]).axes
    (ground,) = points.patches
    drawn_ground = ground.get_window_extent().transformed(points.transData.inverted())
    assert_allclose(drawn_ground.y1, 0, atol=1e-12)
    points, _ = picture([0.5, 0.25]).axes
    assert not points.patches


@pytest.mark.parametrize(
    ("divergences", "text"),
    [([0.5, 0.25, 1.0], "mean\n0.5833"), ([0.5, INF], "mean of\nfinite\n0.5")],
)
def test_mean_is_written_at_its_line_and_beside_the_points(divergences, text):
    figure = picture(divergences)
    figure.draw_without_rendering()
    points, counts = figure.axes
    (label,) = counts.texts
    assert (label.get_text(), label.get_color()) == (text, GREY)
    mean = np.mean([value for value in divergences if math.isfinite(value)])
    assert_allclose(label.xy, (1, mean))
    assert label.get_window_extent().x0 > counts.get_window_extent().x1
    assert label.get_window_extent().x1 < figure.bbox.x1
    lines = [axes.lines[-1] for axes in (points, counts)]
    assert [line.get_linestyle() for line in lines] == [":", ":"]
    assert_allclose([line.get_ydata() for line in lines], mean)


@pytest.mark.parametrize(("lost", "means"), [(2, 1), (3, 0)])
def test_there_is_no_mean_where_most_samples_are_lost(lost, means):
    figure = picture([0.5, 0.25, *[NAN] * lost])
    points, counts = figure.axes
    assert len(counts.texts) == means
    dotted = [line for line in points.lines if line.get_linestyle() == ":"]
    assert len(dotted) == means
    assert header(figure) == [f"{2 + lost} samples, {lost} NaN (red)"]


def test_axes_are_named_and_share_the_divergences():
    points, counts = picture([0.5, 0.25]).axes
    assert (points.get_xlabel(), points.get_ylabel()) == ("sample", "divergence in nats")
    assert (counts.get_xlabel(), counts.get_ylabel()) == ("samples", "")
    assert points.get_ylim() == counts.get_ylim()
    for axes in (points, counts):
        visible = {name: spine.get_visible() for name, spine in axes.spines.items()}
        assert visible == {"left": True, "bottom": True, "top": False, "right": False}


@pytest.mark.few(2, 4)
@pytest.mark.parametrize(
    "values", [[1e6, 1e6 + 1e-4], [0.5, 0.5 + 1e-9], [1e-9, 2e-9], [1e9, 3e9], [0.0], [0.25]]
)
def test_axes_have_no_offset(values):
    figure = picture(values)
    figure.draw_without_rendering()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        assert axis.get_offset_text().get_text() == ""
        labels = [text.get_text() for text in axis.get_ticklabels() if text.get_text()]
        assert len(set(labels)) == len(labels)


def test_points_have_three_times_the_room_of_the_counts():
    figure = picture([0.5, 0.25])
    figure.draw_without_rendering()
    points, counts = (axes.get_position() for axes in figure.axes)
    assert points.width == pytest.approx(3 * counts.width, rel=0.05)


@pytest.mark.parametrize(
    ("shape", "labels"),
    [
        ((1,), ["0"]),
        ((3,), ["0", "1", "2"]),
        ((2, 2), ["(0, 0)", "(0, 1)", "(1, 0)", "(1, 1)"]),
        ((1, 1, 2), ["(0, 0, 0)", "(0, 0, 1)"]),
        ((), ["()"]),
    ],
)
def test_samples_are_named_by_their_index(shape, labels):
    figure = picture([0.5] * math.prod(shape), shape=shape)
    points, counts = figure.axes
    assert [text.get_text() for text in points.get_xticklabels()] == labels
    assert points.get_xlabel() == ("sample" if len(shape) < 2 else f"sample, of shape {shape}")
    assert all(tick == round(tick) for tick in counts.get_xticks())


def test_index_and_place_are_inverse():
    shape = (3, 4, 5)
    for place, index in enumerate(np.ndindex(shape)):
        assert sample_number(index, shape) == place
        assert index_of(place, shape) == str(index)
    assert [index_of(place, shape) for place in (-1, 60, 0.5)] == ["", "", ""]


def operands(shape=(4, 6, 5)):
    rng = np.random.default_rng(0)
    q, p = rng.dirichlet(np.ones(shape[-1]), size=(2, *shape[:-1]))
    return np.log(q), p


def test_findings_are_named_and_marked_where_they_were_made():
    log_q, p = operands()
    p[2, 3] *= 0.5
    p[1, 1, 4] = np.nan
    report = diagnose(log_q, p)
    samples = Samples([0.5] * 24, (4, 6))
    figure = figure_of_samples(samples, marks_of(report), ("student.npy", "teacher.npz:p"))
    assert header(figure) == [
        "student.npy against teacher.npz:p",
        "24 samples",
        "1  nan-target, in target at (1, 1, 4), once",
        "2  not-normalised, in target at (2, 3), once",
    ]
    points, _ = figure.axes
    assert {text.get_text(): text.xy[0] for text in points.texts} == {"2": 15, "1": 7}
    figure.draw_without_rendering()
    assert all(t.get_window_extent().y0 > points.get_window_extent().y1 for t in points.texts)


def test_one_sample_along_an_axis_is_named_without_brackets():
    log_q, p = operands((3, 5))
    p[1] *= 0.5
    figure = picture([0.5] * 3, marks_of(diagnose(log_q, p)))
    assert header(figure)[1:] == ["1  not-normalised, in target at 1, once"]


def test_marks_that_are_near_each_other_share_a_label():
    assert merged_marks({5: ["3"], 0: ["1"], 1: ["2", "4"], 9: ["5"]}, 2) == {
        0: ["1", "2", "4"],
        5: ["3"],
        9: ["5"],
    }


def test_only_some_findings_are_named():
    log_q, p = operands((3, 5))
    p[1] *= 0.5
    marks = marks_of(diagnose(log_q, p)) * (MOST + 2)
    assert header(picture([0.5] * 3, marks))[-1] == "and 2 more"


def test_counts_are_those_of_the_edges():
    divergences = [0.1, 0.1, 0.2, 0.9]
    _, counts = picture(divergences).axes
    sides = edges(0.1, 0.9)
    assert_allclose([bar.get_y() for bar in counts.patches], sides[:-1])
    assert_allclose(
        [bar.get_width() for bar in counts.patches], np.histogram(divergences, sides)[0]
    )


@pytest.mark.parametrize(("least", "most"), [(0.001, 5.0), (1.0, 100.5)])
def test_edges_of_many_sizes_are_in_equal_ratios(least, most):
    assert_allclose(edges(least, most), np.geomspace(least, most, 41))


@pytest.mark.parametrize(
    ("least", "most", "share"),
    [
        *((0.0, 5.0, 1e-6), (1.0, 100.0, 1e-6), (-1e6, 1e9, 1e-6)),
        *((3.0, 3.0, 0.025), (0.0, 0.0, 0.025), (-2.0, -2.0, 0.025)),
    ],
)
def test_edges_of_one_size_are_in_equal_steps_a_little_beyond_the_values(least, most, share):
    sides = edges(least, most)
    beyond = [share * abs(end) + 1e-9 for end in (least, most)]
    assert_allclose(sides, np.linspace(least - beyond[0], most + beyond[1], 41), rtol=1e-13)
    assert sides == sorted(set(sides))
    assert sides[0] < least
    assert most < sides[-1]


def test_file_is_a_png_of_a_size_for_a_page(tmp_path):
    given = np.log(np.full((3, 4), 0.25)), np.full((3, 4), 0.25)
    draw(tmp_path / "samples.dat", *given, diagnose(*given))
    written = (tmp_path / "samples.dat").read_bytes()
    assert written.startswith(b"\x89PNG")
    assert struct.unpack(">II", written[16:24]) == (1080, 504)


def test_scalars_have_no_samples_to_draw(tmp_path):
    given = np.log(np.asarray(0.5)), np.asarray(0.5)
    sentence = (
        "A picture needs operands with divergences; got none: mend what was found without --plot "
        "first."
    )
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        draw(tmp_path / "samples.png", *given, diagnose(*given))


def test_command_writes_the_names_of_its_files_into_the_picture(tmp_path, monkeypatch):
    testing = pytest.importorskip("click.testing")
    pytest.importorskip("rich")
    from kldiv_xp.cli import main

    files = [str(tmp_path / name) for name in ("q.npy", "p.npy")]
    for file, values in zip(files, (np.log([[0.25, 0.75]]), [[0.5, 0.5]]), strict=True):
        np.save(file, values)
    given = []
    monkeypatch.setattr(main, "draw", lambda *arguments: given.extend(arguments))
    done = testing.CliRunner().invoke(main.main, ["diagnose", *files, "--plot", "picture.png"])
    assert done.exit_code == 0
    assert given[-1] == files
