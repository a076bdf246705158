"""robots.txt says what it says in RFC 9309."""

import pytest

from crawlbench.archive.fetching import Response
from crawlbench.archive.robots import (
    ALLOW_ALL,
    DENY_ALL,
    MAX_REDIRECTS,
    MAX_ROBOTS_BYTES,
    ask_robots,
    parse_robots,
)

RULE = b"User-agent: *\nDisallow: /private\n"


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


@pytest.mark.parametrize(
    ("before", "allowed"),
    [
        (MAX_ROBOTS_BYTES - len(RULE), False),
        (MAX_ROBOTS_BYTES - len(RULE) + 1, True),
        (MAX_ROBOTS_BYTES, True),
        (0, False),
    ],
)
def test_the_first_500_kib_count(before, allowed):
    """A rule that ends within them counts; one that ends beyond does not, nor half of one."""
    body = b"#".ljust(before - 1, b"x") + b"\n" if before else b""
    body += RULE + b"#".ljust(2000, b"y")
    assert parse_robots(body, "crawlbench").allows("/private") is allowed


def test_what_is_no_longer_than_500_kib_counts_to_its_last_letter():
    """A file needs no line break at its end."""
    rule = RULE.rstrip(b"\n")
    body = b"#".ljust(MAX_ROBOTS_BYTES - len(rule) - 1, b"x") + b"\n" + rule
    assert len(body) == MAX_ROBOTS_BYTES
    assert not parse_robots(body, "crawlbench").allows("/private")


def redirecting(times, last=RULE):
    """Return what answers with so many redirects before robots.txt, and what it was asked."""
    asked = []

    def ask(url):
        asked.append(url)
        if len(asked) <= times:
            return Response(301, [("Location", f"/robots-{len(asked)}.txt")], b"")
        return Response(200, [], last)

    return ask, asked


@pytest.mark.parametrize("times", [0, 1, MAX_REDIRECTS])
def test_five_redirects_of_robots_txt_are_followed(times):
    """RFC 9309, 2.3.1.2: at least five; the rules at their end count."""
    ask, asked = redirecting(times)
    said = []
    robots = ask_robots("https://docs.example.org", ask, said.append)
    assert (robots.allows("/private"), robots.allows("/public")) == (False, True)
    assert len(asked) == times + 1
    assert not said


@pytest.mark.parametrize("times", [MAX_REDIRECTS + 1, 100])
def test_after_six_redirects_nobody_knows_the_rules(times):
    """It is asked six times, no more; then nothing is allowed, and that is said."""
    ask, asked = redirecting(times)
    said = []
    assert ask_robots("https://docs.example.org", ask, said.append) is DENY_ALL
    assert len(asked) == 1 + MAX_REDIRECTS
    assert said == ["robots.txt cannot be read (status 301)"]
