"""When the mirror was busy, and what it was asked for: what a value is held against."""

from __future__ import annotations

import json
import time

from crawlbench.base.counters import Counters
from crawlbench.mirror.clock import now
from crawlbench.mirror.codings import BROTLI, GZIP
from crawlbench.mirror.http1 import CLOSE, HEAD
from crawlbench.mirror.server import Mirror


def test_connection_counts_from_when_it_was_made():
    """One that was made before the first request came; a later one changes nothing."""
    counters = Counters()
    counters.arrived("/a", 10.0, GZIP)
    counters.introduced(9.0)
    counters.answered_at_once("/b", 100, 11.0, GZIP)
    counters.introduced(10.5)
    assert (counters.first_at, counters.last_at) == (9.0, 11.0)


def test_moment_of_the_second_page_is_that_of_another_than_the_first():
    """However it is answered; who asks for the first page again has learnt of none."""
    for second in ("arrived", "answered_at_once"):
        counters = Counters()
        counters.answered_at_once("/a", 100, 1.0, GZIP)
        counters.arrived("/a", 2.0, GZIP)
        assert dated(counters).second_at == 0.0
        for at, page in ((3.0, "/b"), (4.0, "/c")):
            if second == "arrived":
                counters.arrived(page, at, GZIP)
            else:
                counters.answered_at_once(page, 100, at, GZIP)
        assert counters.second_at == 3.0


def test_refusals_of_the_mirror_have_no_moment():
    """They come when a client has gone wrong already."""
    counters = Counters()
    counters.arrived("(refused with 400)")
    counters.answered(20)
    assert (counters.first_at, counters.last_at, counters.answered_at) == (0.0, 0.0, 0.0)


def dated(counters):
    """Return counters as they are told at the end of a span, by way of JSON."""
    Mirror._date(counters)
    return Counters(**json.loads(json.dumps(counters.as_message())))


def test_last_answer_ends_the_span_unless_faults_were_played():
    """Nobody waits for what is spoilt. Moments are told on the clock that workers read."""
    shift = time.perf_counter() - now()
    for faults, last_at in (({}, 13.0), ({"stall": 1}, 12.0)):
        counters = Counters(faults=faults)
        counters.arrived("/a", 12.0, GZIP)
        counters.answered(100, 13.0)
        told = dated(counters)
        assert abs(told.first_at - shift - 12.0) < 0.01
        assert abs(told.last_at - shift - last_at) < 0.01
        counters.arrived("/b", 14.0, GZIP)
        assert abs(dated(counters).second_at - shift - 14.0) < 0.01
    assert dated(Counters()).first_at == 0.0


def test_heads_and_codings_are_told_by_name():
    """Whatever else the flags of their answers say."""
    counters = Counters()
    for flags in (GZIP, GZIP | CLOSE, BROTLI, HEAD, 0):
        counters.arrived("/a", 1.0, flags)
    told = dated(counters)
    assert told.codings == {"gzip": 2, "br": 1}
    assert (told.heads, told.shapes) == (1, {})
