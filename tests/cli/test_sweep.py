"""A sweep is a session along one axis: real workers, few rounds."""

from __future__ import annotations

import json

import pytest

from crawlbench.cli.sweep import Axis, _read_long_forms, _usual_places

pytestmark = pytest.mark.slow

QUICK = ("-s", "requests-serial", "--rounds", "1", "--laps", "1", "--parser", "none", "--no-page")
FAR = ("-n", "loopback@100ms", "--site", "douban-x1")
"""A page that one waits for: a lap lasts as long as it should, and costs hardly any CPU time."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("axis", "places", "extra", "unit"),
    [
        ("concurrency", ("1", "2", "4"), FAR, ""),
        pytest.param("latency", ("1", "2", "3"), (), "ms", marks=pytest.mark.long),
        pytest.param("pages", ("1", "2", "4"), ("-n", "loopback"), "", marks=pytest.mark.long),
        pytest.param("body", ("4", "16", "64"), ("-n", "loopback"), "KiB", marks=pytest.mark.long),
    ],
)
def test_sweep_gives_a_series(crawlbench, tmp_path, axis, places, extra, unit):
    """A table with a column for each place, and the session that holds them."""
    folder = tmp_path / "session"
    ran = crawlbench("sweep", axis, *places, *QUICK, *extra, "-o", folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    sweep = json.loads((folder / "session.json").read_bytes())["plan"]["sweep"]
    assert sorted(sweep["places"].values()) == [float(place) for place in places]
    headers = next(line for line in ran.stdout.splitlines() if line.rstrip().endswith("knee"))
    assert headers.split()[1:-1] == [word for p in places for word in (p, *unit.split())]
    assert "\n### pages/s by" in crawlbench("report", folder, "--format", "markdown").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("concurrency", "1", "2"), "a sweep of 2 places has no knee; give three or more"),
        (("concurrency", "4"), "a sweep of 1 place has no knee; give three or more"),
        (("concurrency", "0", "1", "2"), "places 0 cannot be used: give a whole number from 1 on"),
        (("body", "1", "2", "3"), "site 'body-1k' has no size between 2048 bytes and 16 MiB"),
        (("length", "1", "2", "3"), "length"),
        (
            ("pages", "1", "10", "100", "--long-form", "douban-x1/*=douban-x100"),
            "a sweep of pages crawls another site at each place, so it has no longer form",
        ),
        (
            ("latency", "1", "2", "3", "--long-form", "douban-x100"),
            "--long-form 'douban-x100' names no longer site",
        ),
    ],
)
def test_sweep_that_makes_no_sense(crawlbench, arguments, sentence):
    """One sentence, exit 2, nothing measured."""
    ran = crawlbench("sweep", *arguments)
    assert ran.returncode == 2
    assert sentence in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.long
def test_sweep_of_two_lengths_has_a_series_per_page_too(crawlbench, tmp_path):
    """First what pages cost once a crawl has begun; the same places in both."""
    places = ("1", "2", "3")
    form = ("--long-form", "douban-x1/*=douban-x4", "--site", "douban-x1", "-n", "loopback")
    folder = tmp_path / "session"
    ran = crawlbench("sweep", "latency", *places, *QUICK, *form, "-o", folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    titles = [line for line in ran.stdout.splitlines() if line.startswith("pages/s by latency")]
    assert [title.partition(";")[0] for title in titles] == [
        "pages/s by latency, once a crawl has begun",
        "pages/s by latency",
    ]
    sweep = json.loads((folder / "session.json").read_bytes())["plan"]["sweep"]
    assert not any("long" in name for name in sweep["places"])


@pytest.mark.parametrize(
    ("axis", "asked", "forms"),
    [
        (Axis.LATENCY, ["douban-top250/*=douban-x30"], {"douban-top250/*": "douban-x30"}),
        (Axis.CONCURRENCY, None, None),
        (Axis.PAGES, ["none"], {}),
        (Axis.BODY, None, None),
    ],
)
def test_long_form_is_refused_only_where_the_axis_is_the_site(axis, asked, forms):
    assert _read_long_forms(axis, asked) == forms


@pytest.mark.parametrize(
    ("axis", "site", "places", "told"),
    [
        ("concurrency", "douban-top250", [1, 2, 4, 8], "left out: 16, 32, 64 in flight"),
        ("concurrency", "douban-x1", [1, 2, 4, 8], "which douban-x1 has too few pages"),
        ("concurrency", "index", [1, 2, 4, 8, 16, 32, 64], ""),
        ("pages", "douban-x1", [1, 10, 100, 1000], ""),
    ],
)
def test_usual_places_are_those_that_the_site_has_pages_for(axis, site, places, told, capsys):
    """So that a sweep of which nobody says where can begin at all."""
    assert _usual_places(Axis(axis), site) == places
    err = capsys.readouterr().err
    assert told in err
    assert bool(told) == bool(err)
