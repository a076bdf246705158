"""Colours: readable in light and dark, and the same in pages and pictures."""

from __future__ import annotations

import pytest

from crawlbench.base.records import Verdict
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
