"""Turns a person's selector, CSS or XPath, into a checked XPath (floor 1; pure).

A selector is an XPath if it begins like one (`/`, `./`, `(`, `@`, an axis or a function);
everything else is CSS. What cannot work on any page is refused here, and the message says what to
write.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree, html

from crawlbench.base.errors import NotInstalledError, UsageError
from crawlbench.base.model import TranslatedCss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_XPATH = re.compile(r"\.?\.?/|\.\.?$|\(|@|[a-z-]+::|[a-z-]+\(")

_SCRAPY = re.compile(r"::(?:text|attr\(\s*([\w-]+)\s*\))$")

_TOKEN = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')|(?P<slash>//?)|(?P<leaf>@|attribute::|namespace::
        |(?:text|comment|processing-instruction)(?=\s*\())|(?P<name>[\w.:-]+)|(?P<other>[^\s\w])""",
    re.VERBOSE,
)
_OPERATORS = frozenset({"and", "or", "div", "mod", "*"})
_BEFORE_A_PATH = frozenset({"", "(", "|", ",", "+", "-", "=", "<", ">", "!"}) | _OPERATORS
_AFTER_A_PATH = frozenset({"", ")", "|", ","})

_NOTHING = html.document_fromstring("<html></html>")
"""Used to try selectors: one that fails here would fail everywhere."""


def as_node_xpath(selector: str, where: str) -> str:
    """Return the XPath of all nodes in a document that a selector finds.

    Args:
        selector: CSS or XPath.
        where: its place in the site file, for messages.

    Raises:
        UsageError: it does not compile, or finds something other than elements.
    """
    found = _as_xpath(selector, where, "descendant-or-self::")
    if not isinstance(_evaluate(found, selector, where), list):
        raise UsageError(f"{where} {selector!r} gives a value, not nodes; select elements")
    _refuse_leaves(found, selector, where)
    return found


def as_text_xpath(selector: str, attribute: str | None, where: str) -> str:
    """Return the XPath, relative to an item, whose first node has a field's text.

    Args:
        selector: CSS or XPath; `.` is the item itself.
        attribute: the one whose value counts instead of the node's text.
        where: its place in the site file, for messages.

    Raises:
        UsageError: it does not compile, or leaves the item.
    """
    xpath = found = _as_xpath(selector, where, "descendant::")
    _refuse_absolute(xpath, selector, where)
    if attribute:
        _refuse_leaves(xpath, selector, where)
        # Without brackets the attribute would belong to the last path of a union alone.
        xpath = f"({xpath})/@{attribute}" if "|" in xpath else f"{xpath}/@{attribute}"
    _evaluate(f"string({xpath})", selector, where)
    if isinstance(found, TranslatedCss):
        return TranslatedCss(xpath, found.css, attribute or "")
    return xpath


def _as_xpath(selector: str, where: str, prefix: str) -> str:
    selector = selector.strip()
    if extended := _SCRAPY.search(selector):
        nodes, name = selector[: extended.start()], extended[1]
        rather = f"write {nodes!r}, whose text is taken"
        if name:
            rather = f'write {nodes!r} and attribute = "{name}"'
        raise UsageError(f"{where} {selector!r} is CSS as Scrapy extends it; {rather}")
    if not selector:
        raise UsageError(f"{where} is empty; give a CSS selector or an XPath")
    if _XPATH.match(selector):
        return selector
    return TranslatedCss(_translate_css(selector, where, prefix), selector)


def _translate_css(selector: str, where: str, prefix: str) -> str:
    try:
        from cssselect import HTMLTranslator, SelectorError  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise NotInstalledError(
            f"{where} {selector!r} is a CSS selector, which needs 'cssselect'; "
            "try: pip install cssselect, or write an XPath"
        ) from error
    translate: Callable[[str, str], str] = HTMLTranslator().css_to_xpath
    try:
        return translate(selector, prefix)
    except (SelectorError, ValueError) as error:
        raise UsageError(f"{where} {selector!r} is no CSS selector: {error}") from error


def _evaluate(xpath: str, selector: str, where: str) -> Any:  # noqa: ANN401  (whatever it gives)
    try:
        return etree.XPath(xpath)(_NOTHING)
    except (etree.XPathError, ValueError) as error:
        raise UsageError(f"{where} {selector!r} is no XPath: {error}") from error


def _refuse_absolute(xpath: str, selector: str, where: str) -> None:
    """Refuse a path from the page's root, which would find the same node for each item."""
    before = ""
    for kind, token in _with_names(_outside_predicates(xpath)):
        if kind == "slash" and before in _BEFORE_A_PATH:
            better = xpath[1:].lstrip("/") if selector.startswith("/") else ""
            rather = f"'.//{better}'" if better and "/" not in better else "a path from ./ or .//"
            raise UsageError(
                f"{where} {selector!r} begins at the page's root, so that it finds the same for "
                f"each item; write {rather}, which begins at the item"
            )
        before = token


def _with_names(tokens: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield tokens; a word or `*` that is not an operator where it stands is the name of a node.

    Source: XPath 1.0, section 3.7: it is an operator if the token before it is not one.
    """
    before = ""
    for kind, token in tokens:
        is_begun = before not in _BEFORE_A_PATH and not before.endswith(("::", "/", "@"))
        before = "a name" if token in _OPERATORS and not is_begun else token
        yield kind, before


def _refuse_leaves(xpath: str, selector: str, where: str) -> None:
    """Refuse a path that ends in attributes or text if elements are needed."""
    tokens = [*_outside_predicates(xpath), ("", "")]
    for at, (kind, text) in enumerate(tokens):
        if kind != "leaf":
            continue
        is_short = not text.isalpha() and "-" not in text  # @ name, not text ( )
        # Past the name that follows an @, or past the brackets of `text()`.
        after = tokens[min(at + (2 if is_short else 3), len(tokens) - 1)][1]
        if after in _AFTER_A_PATH:
            what = "attributes" if is_short else "text"
            element = re.sub(r"/+(?:@|attribute::)?[\w:*-]+(?:\(\s*\))?$", "", selector)
            rather = f" such as {element!r}" if element not in {"", ".", selector} else ""
            raise UsageError(
                f"{where} {selector!r} finds {what} where elements are due; "
                f"select the elements{rather}"
            )


def _outside_predicates(xpath: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of the tokens of an XPath that are not in a predicate."""
    depth = 0
    for token in _TOKEN.finditer(xpath):
        depth += token[0] == "["
        if not depth and token.lastgroup:
            yield token.lastgroup, token[0]
        depth -= token[0] == "]"
