"""robots.txt says what it says in RFC 9309."""

import pytest

from crawlbench.archive.robots import ALLOW_ALL, DENY_ALL, parse_robots


@pytest.mark.parametrize(
    ("text", "address", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /private", "/private/x", False),
        ("User-agent: *\nDisallow: /private", "/public", True),
        ("User-agent: *\nDisallow: /\nAllow: /docs", "/docs/x", True),
        ("User-agent: *\nAllow: /docs\nDisallow: /docs", "/docs", True),
        ("User-agent: *\nDisallow: /*?", "/a?b", False),
        ("User-agent: *\nDisallow: /*?", "/a", True),
        ("User-agent: *\nDisallow: /*.php$", "/a.php", False),
        ("User-agent: *\nDisallow: /*.php$", "/a.php?x", True),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /a$", "/a", False),
        ("User-agent: *\nDisallow: /%7ejoe/", "/~joe/x", False),
        ("User-agent: *\nDisallow: /a%2fb", "/a/b", True),
        ("User-agent: *\nDisallow: /ü", "/%C3%BC", False),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: other\nUser-agent: crawlbench\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Crawlbench/2\nDisallow: /x", "/a", True),
        ("User-agent: bench\nDisallow: /", "/a", True),
        ("\ufeffuser-AGENT : * # all\n disallow : /a # private\nSitemap: /s", "/a", False),
        ("Disallow: /\nnonsense\n:::\n", "/a", True),
    ],
)
def test_rules(text, address, allowed):
    """The longest rule that fits decides; groups are those that name us, else those for all."""
    assert parse_robots(text.encode(), "crawlbench").allows(address) is allowed


@pytest.mark.parametrize(
    ("value", "delay_s"),
    [
        ("10", 10),
        ("0.5", 0.5),
        ("-1", 0),
        ("x", 0),
        ("1e9", 86400),
        ("nan", 0),
        ("inf", 0),
        ("9" * 9, 86400),
    ],
)
def test_crawl_delay(value, delay_s):
    """It is read where it makes sense, up to a day."""
    assert (
        parse_robots(f"User-agent: *\nCrawl-delay: {value}".encode(), "crawlbench").delay_s
        == delay_s
    )


def test_all_or_nothing():
    """What stands for a missing file, and for a server that cannot say."""
    assert ALLOW_ALL.allows("/a")
    assert not DENY_ALL.allows("/a")


def test_a_hostile_rule_costs_little():
    """Many stars are no reason to think for ever."""
    text = "User-agent: *\nDisallow: /" + "a*" * 20_000 + "b"
    assert parse_robots(text.encode(), "crawlbench").allows("/" + "a" * 30_000)
