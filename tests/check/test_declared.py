"""What a strategy declares of its HTTP is tried, so that nobody is held to less than others."""

from __future__ import annotations

import pytest

from crawlbench.base.counters import Counters
from crawlbench.check.findings import TrialResult, judge_declared


def outcome(http2=0, codings=(), digests=("x",)):
    """Return a crawl over TLS that made some requests with HTTP/2, and asked for codings."""
    counters = Counters(http2_requests=http2, codings=dict.fromkeys(codings, 10))
    return TrialResult(list(digests), [], None, [], 1, {}, counters)


@pytest.mark.parametrize(
    ("seen", "http", "codings"),
    [
        (outcome(codings=["gzip"]), "1.1", ""),
        (outcome(http2=9), "1.1, 2", ""),
        (outcome(http2=10), "1.1, 2, 3", ""),
        (outcome(codings=["br", "gzip"]), "1.1", "br"),
        (outcome(codings=["br", "zstd"]), "", "br, zstd"),
        (outcome(), "", ""),
        (outcome(http2=10), "", ""),
    ],
)
def test_who_speaks_as_declared_holds(seen, http, codings):
    """HTTP/3 cannot be had, and one connection may begin with HTTP/1.1."""
    assert judge_declared(seen, http, codings).holds


@pytest.mark.parametrize(
    ("seen", "http", "codings", "reason"),
    [
        (
            outcome(),
            "1.1, 2",
            "",
            "`HTTP: 1.1, 2.` declares HTTP/2, which was offered but never used",
        ),
        (outcome(http2=1), "1.1", "", "it used HTTP/2 in 1 request; `HTTP: 1.1.` lacks it"),
        (outcome(), "1.1", "br", "`Coding: br.` has br, which it never asked for"),
        (
            outcome(codings=["br"]),
            "1.1",
            "",
            "it asked for br, which its docstring does not declare",
        ),
    ],
)
def test_declaration_that_is_not_true_is_told(seen, http, codings, reason):
    """In either direction."""
    finding = judge_declared(seen, http, codings)
    assert (finding.holds, finding.reason) == (False, reason)


def test_nothing_is_said_of_who_does_not_crawl_over_tls():
    """That is another promise."""
    assert judge_declared(outcome(digests=()), "1.1, 2", "").holds is None
