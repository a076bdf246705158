"""Sites of JSON: sizes, answers, and what is refused."""

from __future__ import annotations

import pytest

from crawlbench.base.errors import BlockedPageError, UsageError
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.sitefacts import count_most_at_once
from crawlbench.measure.suite import load_suite, override
from crawlbench.measure.width import refuse_inexpressible
from crawlbench.plugins import registry

KIND = registry.Kind
ORIGIN = "http://127.0.0.1:8000"
PARSERS = ["json", "msgspec", "none", "orjson"]


def test_answers_have_one_to_five_kilobytes():
    """But the list, which names all of them."""
    source = registry.load(KIND.SITE, "api-json").pages()
    sizes = [len(source.read(address)[1]) for address in source.addresses()[:-1]]
    assert (min(sizes) >= 1000, max(sizes) <= 5000, len(sizes)) == (True, True, 999)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("name", ["api-json", "index", "many-hosts"])
def test_all_parsers_read_the_same(name, parser):
    """Each item once, and as many pages as a right crawl asks for."""
    spec = registry.load(KIND.SITE, name)
    source, read = spec.pages(), registry.load(KIND.PARSER, parser)(spec)
    items, seen, front = [], set(), [ORIGIN + spec.path]
    while front:
        address = front.pop()
        seen.add(address)
        page = read(address, source.read(f"/{address.split('/', 3)[3]}")[1])
        items += page.items
        front += [link for link in page.links if link not in seen]
    assert sorted(items) == list(spec.expected_items())
    assert len(seen) == spec.expected_pages


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "spoil",
    [lambda body: body[:-20], lambda _: b"", lambda _: b"[]", lambda _: b"<html></html>"],
    ids=["cut", "empty", "list", "html"],
)
def test_answer_that_is_cut_or_none_of_the_site_is_refused(parser, spoil):
    """Whatever its status said; what is wrong is named."""
    spec = registry.load(KIND.SITE, "api-json")
    read = registry.load(KIND.PARSER, parser)(spec)
    body = spoil(spec.pages().read("/api/movies/7")[1])
    with pytest.raises(BlockedPageError, match=f"movies/7 came with status 200 and {len(body)} b"):
        read(f"{ORIGIN}/api/movies/7", body)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"concurrency": [50]}, "50 requests in flight cannot be measured on douban-top250: it"),
        ({"sites": ["douban-x1000"], "concurrency": [1000]}, "never has more than 178 pages"),
        ({"sites": ["api-json"]}, "the parser lxml cannot read the site api-json, whose pages are"),
        ({"parsers": ["orjson"]}, "the parser orjson cannot read the site douban-top250"),
    ],
)
def test_what_a_site_cannot_express_is_refused(changes, refusal):
    """With what can be had instead."""
    plan = make_plan("test", override(load_suite("quick"), changes))
    with pytest.raises(UsageError, match=refusal):
        refuse_inexpressible(plan)


def test_site_that_lists_all_can_have_a_thousand_in_flight():
    """The first answer names 999 others."""
    assert count_most_at_once(registry.load(KIND.SITE, "api-json")) == 999
    changes = {"sites": ["api-json"], "parsers": ["none"], "concurrency": [1000]}
    refuse_inexpressible(make_plan("test", override(load_suite("quick"), changes)))
