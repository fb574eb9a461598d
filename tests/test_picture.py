"""What a picture of divergences shows."""

import math

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from kldiv_xp._picture import drawn


@pytest.mark.parametrize(
    ("divergences", "title", "scale"),
    [
        ([0.5, 0.75], "2 samples", "linear"),
        ([0.001, math.inf, 5.0], "3 samples, 1 not finite (red)", "log"),
        ([0.0, 5.0], "2 samples", "linear"),
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
