"""Colours: readable in light and dark, and the same in pages and pictures."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from crawlbench.base.records import Verdict
from crawlbench.report.charts.bars import CPU, MEMORY, PHASES
from crawlbench.report.charts.ratios import SHAPES
from crawlbench.report.charts.style import series_scales
from crawlbench.report.charts.waterfall import STEPS
from crawlbench.report.theme import COLOURS, VERDICTS, adapt_svg, colour, css, resolve


def luminance(value):
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(value[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, two):
    """Return the contrast of two colours (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "link", *sorted(set(VERDICTS.values()))])
def test_text_is_readable_on_paper_panel_and_band(name, mode):
    """At least 4.5:1, as WCAG asks of text."""
    for ground in ("paper", "panel", "band"):
        assert contrast(COLOURS[name][mode], COLOURS[ground][mode]) >= 4.5, ground


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["parse", "client", "system", "slower", "faster"])
def test_marks_stand_out_from_the_paper(name, mode):
    """At least 3:1, as WCAG asks of graphics."""
    assert contrast(COLOURS[name][mode], COLOURS["paper"][mode]) >= 3


def test_every_verdict_has_a_colour():
    """And what stands in its place too."""
    assert set(map(str, Verdict)) < set(VERDICTS)
    assert set(VERDICTS.values()) <= set(COLOURS)


def test_no_two_colours_share_a_light_value():
    """A picture's style tells them apart by it."""
    assert len({light for light, _ in COLOURS.values()}) == len(COLOURS)


def test_page_has_both_values_of_each_colour():
    """Dark where the reader prefers so."""
    light, dark = css().split("@media")
    for name, (one, two) in COLOURS.items():
        assert f"--{name}:{one};" in light
        assert f"--{name}:{two};" in dark


def test_picture_has_plain_colours_and_a_style_for_the_dark():
    """Viewers that know no CSS show the light ones."""
    spec = resolve({"a": [colour("ink"), 1, None], "b": {"c": f"x {colour('same')}"}})
    assert spec == {"a": ["#1f2328", 1, None], "b": {"c": "x #3b5998"}}
    svg = adapt_svg('<svg width="1"><text fill="#1f2328">a</text></svg>')
    assert svg == (
        '<svg width="1"><style>@media (prefers-color-scheme:dark)'
        '{[fill="#1f2328"]{fill:#e6e9ed}}</style><text fill="#1f2328">a</text></svg>'
    )


def test_unknown_colour_is_a_mistake():
    """It is a mistake in our own code, so it is loud."""
    with pytest.raises(KeyError):
        colour("mauve")


SEEN = {
    "by most": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without red cones": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "without green cones": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "without blue cones": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""What becomes of linear red, green and blue: protanopia, deuteranopia and tritanopia.

Source: Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color
vision deficiency", 2009, severity 1.0.
"""
APART = 20
"""Distance in CIE L*a*b* that two colours must have; 2.3 can just be noticed side by side."""


def times(matrix, values):
    return [sum(a * b for a, b in zip(row, values, strict=True)) for row in matrix]


def lab(value, matrix):
    """Return a colour as such a person sees it, in CIE L*a*b* (D65)."""
    parts = [int(value[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    seen = [min(1.0, max(0.0, part)) for part in times(matrix, linear)]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    shares = [part / whole for part, whole in zip(times(to_xyz, seen), white, strict=True)]
    x, y, z = (s ** (1 / 3) if s > 216 / 24389 else (24389 / 27 * s + 16) / 116 for s in shares)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one, two, mode):
    """Return how far apart two colours are for those who can tell them apart least."""
    return min(
        math.dist(lab(COLOURS[one][mode], seen), lab(COLOURS[two][mode], seen))
        for seen in SEEN.values()
    )


def test_distance_is_what_is_known_of_it():
    """Black and white are 100 apart for everybody; red and green are close for many."""
    assert lab("#ffffff", SEEN["by most"])[0] == pytest.approx(100, abs=0.1)
    assert lab("#000000", SEEN["without red cones"])[0] == pytest.approx(0, abs=0.1)
    red, green = (lab(one, SEEN["without green cones"]) for one in ("#b1241d", "#7a5f00"))
    assert math.dist(red, green) < 5


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    "names",
    [
        *({part.colour for part in kind.parts} for kind in (PHASES, CPU, MEMORY)),
        set(STEPS.values()),
    ],
    ids=["phases", "cpu", "memory", "waterfall"],
)
def test_parts_of_a_bar_differ_for_the_colour_blind(names, mode):
    """They touch, and nothing but the colour tells which is which."""
    for one, two in combinations(sorted(names), 2):
        assert distance(one, two, mode) >= APART, (one, two)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_eight_lines_differ_by_colour_or_by_dashes(mode):
    """A chart of history or of a sweep has as many, and few have more."""
    series = [str(number) for number in range(8)]
    hues, dashes = (scale.to_dict()["range"] for scale in series_scales(series))
    for one, two in combinations(range(8), 2):
        if dashes[one] == dashes[two]:
            names = [hues[place].removeprefix("var(--").removesuffix(")") for place in (one, two)]
            assert distance(*names, mode) >= APART, names


def test_verdicts_differ_by_shape_as_well():
    """Their colours are close for some; each has its word beside it, too."""
    judged = ("faster", "slower", "same", "unclear")
    assert len({SHAPES[verdict] for verdict in judged}) == len(judged)
