"""CSS selectors find the nodes that the XPaths find, or the site is refused in a sentence."""

from __future__ import annotations

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.sites.parsers.css import Selector, translate


@pytest.mark.parametrize(
    ("xpath", "selector"),
    [
        (
            '//*[@id="content"]/div/div[1]/ol/li',
            Selector('[id="content"] > div > div:nth-of-type(1) > ol > li', "", 0),
        ),
        (".//em", Selector("em", "", 0)),
        (".//span[@class='title']", Selector('span[class="title"]', "", 0)),
        ('.//div[@class="hd"]/a/@href', Selector('div[class="hd"] > a', "href", 0)),
        (
            './/span[@class="rating_num"]/following-sibling::span[2]',
            Selector('span[class="rating_num"] ~ span', "", 1),
        ),
        ('//span[@property="v:genre"]', Selector('span[property="v:genre"]', "", 0)),
        ("//div[contains(@class, 'item')]//p", Selector('div[class*="item"] p', "", 0)),
        ("//a[@href]", Selector("a[href]", "", 0)),
        ('//p[1][@class="x"]', Selector('p[class="x"]:nth-of-type(1)', "", 0)),
        ('//a/following-sibling::p[@b="1"][2]', Selector('a ~ p[b="1"]', "", 1)),
        ("//ol/li//a | //p/a", Selector("ol > li a, p > a", "", 0)),
        ('//p[@title="a\\b"]', Selector('p[title="a\\\\b"]', "", 0)),
        ("/html", Selector("html", "", 0)),
        ("/html/body/p", Selector("html > body > p", "", 0)),
        ("./@href", Selector("", "href", 0)),
    ],
)
def test_xpaths_of_sites_have_selectors(xpath, selector):
    """Steps, attributes, positions and what follows a sibling."""
    assert translate(xpath) == selector


@pytest.mark.parametrize(
    ("xpath", "css"),
    [
        ("./b", ":scope > b"),
        ("./b[2]/i", ":scope > b:nth-of-type(2) > i"),
        ("./dt//a", ":scope > dt a"),
        ("./a | .//b", ":scope > a, b"),
        (".//b", "b"),
    ],
)
def test_first_step_stays_where_a_library_knows_it(xpath, css):
    """`./b` is the node's own child, not one at any depth."""
    assert translate(xpath, lambda: True).css == css


@pytest.mark.parametrize("xpath", ["./following-sibling::b", "/b", "/*"])
def test_first_step_that_css_cannot_say_is_refused(xpath):
    """Also where a library knows `:scope`."""
    with pytest.raises(UsageError):
        translate(xpath, lambda: True)


@pytest.mark.parametrize(
    "xpath",
    [
        "",
        "./b",
        "./b/@title",
        "//a | //p/@title",
        "//a | //b/following-sibling::p[2]",
        "text()",
        ".//p/text()",
        "//p[last()]",
        "//*[2]",
        "//a/following-sibling::b[2]/i",
        "//p[@a='1' and @b='2']",
        "//p[1][2]",
        '//p[@class="x"][1]',
        '//a/following-sibling::p[2][@b="1"]',
        "..//p",
    ],
)
def test_xpath_without_selector_is_refused(xpath):
    """The sentence quotes the XPath and names a parser that can read it."""
    with pytest.raises(UsageError) as caught:
        translate(xpath)
    assert repr(xpath) in str(caught.value)
    assert str(caught.value).endswith("use the parser lxml")
