"""Turns what a person selects nodes by, CSS or XPath, into an XPath that compiles (floor 1; pure).

A selector is an XPath if it begins as one does (`/`, `./`, `(`, `@`, an axis or a function);
everything else is CSS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree, html

from crawlbench.errors import NotInstalledError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["as_node_xpath", "as_text_xpath"]

_XPATH = re.compile(r"\.?\.?/|\.\.?$|\(|@|[a-z-]+::|[a-z-]+\(")

_NOTHING = html.document_fromstring("<html></html>")
"""A selector that cannot be evaluated here cannot be anywhere."""


def as_node_xpath(selector: str, where: str) -> str:
    """Return the XPath of all nodes in a document that a selector finds.

    Args:
        selector: CSS or XPath.
        where: it stands in the site file, for messages.

    Raises:
        UsageError: it does not compile, or finds something else than nodes.
    """
    xpath = _as_xpath(selector, where, "descendant-or-self::")
    if not isinstance(_evaluate(xpath, selector, where), list):
        raise UsageError(f"{where} {selector!r} gives a value, not nodes; select elements")
    return xpath


def as_text_xpath(selector: str, attribute: str | None, where: str) -> str:
    """Return the XPath, relative to an item, whose first node has a field's text.

    Args:
        selector: CSS or XPath; `.` is the item itself.
        attribute: whose value counts instead of the node's text.
        where: it stands in the site file, for messages.

    Raises:
        UsageError: it does not compile.
    """
    xpath = _as_xpath(selector, where, "descendant::")
    if attribute:
        xpath = f"({xpath})/@{attribute}" if "|" in xpath else f"{xpath}/@{attribute}"
    _evaluate(f"string({xpath})", selector, where)
    return xpath


def _as_xpath(selector: str, where: str, prefix: str) -> str:
    selector = selector.strip()
    if not selector:
        raise UsageError(f"{where} is empty; give a CSS selector or an XPath")
    return selector if _XPATH.match(selector) else _translate_css(selector, where, prefix)


def _translate_css(selector: str, where: str, prefix: str) -> str:
    try:
        from cssselect import HTMLTranslator, SelectorError  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise NotInstalledError(
            f"{where} {selector!r} is a CSS selector, which needs 'cssselect'; "
            "try: pip install 'crawlbench[archive]', or write an XPath"
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
