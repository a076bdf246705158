"""The quotes are varied, our own, and the same on each build."""

from crawlbench.sites.movies import load_movies
from crawlbench.sites.sentences import OPENINGS, TURNS, compose_quote


def test_no_two_movies_share_a_quote():
    """The halves are paired anew on each page."""
    quotes = [quote for quote in map(compose_quote, load_movies()) if quote]
    assert len(set(quotes)) == len(quotes) == 244


def test_each_page_uses_each_half_once():
    """So a page compresses like one on which 25 people wrote."""
    quotes = [compose_quote(movie) for movie in load_movies()[:25]]
    assert len(OPENINGS) == len(TURNS) == 25
    for turn in TURNS:
        assert sum(turn in quote for quote in quotes) == 1


def test_some_quotes_end_in_a_blank():
    """Readers have to strip, as on the real pages."""
    quotes = [compose_quote(movie) for movie in load_movies()]
    assert 0 < sum(quote.endswith("。 ") for quote in quotes) < 50
    assert all(quote.endswith("。") for quote in map(str.strip, quotes) if quote)
