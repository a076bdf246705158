"""A toolkit for libraries that find nodes by CSS selectors (floor 1)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawlbench.sites.parsers.css import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class CssToolkit:
    """See `reader.Toolkit`; nodes and documents are the library's own."""

    parse: Callable[[bytes], Any]
    select: Callable[[Any, str], Sequence[Any]]
    """Finds all nodes of a selector within a node or a document."""
    select_one: Callable[[Any, str], Any]
    """Finds the first one, or returns None."""
    text: Callable[[Any], str]
    """Text of a node, with that of the nodes inside it."""
    attribute: Callable[[Any, str], str | None]

    def compile_nodes(self, xpath: str) -> Callable[[Any], Sequence[Any]]:
        """Return a function that finds all nodes of an XPath that has a CSS selector."""
        css = translate(xpath, self._knows_scope).css
        return lambda document: self.select(document, css)

    def compile_text(self, xpath: str) -> Callable[[Any], str]:
        """Return a function that gives the text of the first node of an XPath, or nothing."""
        selector = translate(xpath, self._knows_scope)
        css, attribute, index = selector.css, selector.attribute, selector.index

        def find(node: Any) -> str:  # noqa: ANN401  (the library's node)
            if not css:  # the node itself
                first = node
            elif index:
                found = self.select(node, css)
                first = found[index] if index < len(found) else None
            else:
                first = self.select_one(node, css)
            if first is None:
                return ""
            return (self.attribute(first, attribute) or "") if attribute else self.text(first)

        return find

    def _knows_scope(self) -> bool:
        """Return whether `:scope` in a selector is the node in which it is sought, by trying it."""
        with suppress(Exception):  # each library has errors of its own
            item = self.select_one(self.parse(b"<p><b><i>deep</i></b><i>own</i></p>"), "p")
            return self.text(self.select_one(item, ":scope > i")) == "own"
        return False

    def href(self, anchor: Any) -> str:  # noqa: ANN401  (the library's node)
        """Return where an `a` node leads."""
        return self.attribute(anchor, "href") or ""
