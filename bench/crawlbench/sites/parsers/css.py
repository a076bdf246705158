"""Translates the XPaths that sites use into CSS selectors (floor 1; pure).

A site says once, in XPath, where its items are. Parsers that know only CSS get their selectors from
here, so that all parsers look for the same nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.base.errors import UsageError
from crawlbench.base.model import TranslatedCss

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = re.compile(
    r"""(?P<axis>//|/following-sibling::|/)
        (?P<name>\*|[\w-]+)
        (?P<predicates>(?:\[[^\]]*\])*)""",
    re.VERBOSE,
)
_PREDICATE = re.compile(
    r"""\[(?:(?P<position>\d+)
        |@(?P<name>[\w:-]+)=(?P<quote>["'])(?P<value>[^"']*)(?P=quote)
        |contains\(@(?P<part_name>[\w:-]+),\s*(?P<part_quote>["'])(?P<part>[^"']*)(?P=part_quote)\)
        |@(?P<present>[\w:-]+))\]""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"/@([\w:-]+)$")
_AXES = {"//": " ", "/": " > ", "/following-sibling::": " ~ "}


@dataclass(frozen=True, slots=True)
class Selector:
    """Where a node is, in CSS."""

    css: str
    """Empty for the node where the search begins."""
    attribute: str
    """The attribute whose value counts instead of the node's text; empty for the text."""
    index: int
    """Place of the node among those that `css` finds."""


def translate(xpath: str, knows_scope: Callable[[], bool] = lambda: False) -> Selector:
    """Return the selector of an XPath that uses steps, `[@a="b"]`, `contains` and positions.

    A union of such paths, as in `//ol/li/a | //p/a`, is allowed if it asks for whole nodes. CSS
    that a person wrote comes back unchanged.

    Args:
        xpath: the XPath.
        knows_scope: returns whether the selector may begin with `:scope`, as `./a` needs it.

    Raises:
        UsageError: it uses more than that.
    """
    if isinstance(xpath, TranslatedCss):
        return Selector(xpath.css, xpath.attribute, 0)
    if " | " in xpath:
        paths = xpath.split(" | ")
        selectors = [translate(path.strip(), knows_scope) for path in paths]
        if any(selector.attribute or selector.index for selector in selectors):
            raise _refuse(xpath)
        return Selector(", ".join(selector.css for selector in selectors), "", 0)
    path = xpath.removeprefix(".")
    found = _ATTRIBUTE.search(path)
    path, attribute = (path[: found.start()], found.group(1)) if found else (path, "")
    if not path and xpath.startswith("."):
        return Selector("", attribute, 0)
    css, index = _translate_path(path, xpath, _find_begin(xpath, knows_scope))
    return Selector(css, attribute, index)


def _find_begin(xpath: str, knows_scope: Callable[[], bool]) -> str:
    """Return what the selector of a path begins with: CSS alone seeks a first node at any depth."""
    if xpath.startswith(("//", ".//", "/html")):
        return ""
    is_child = xpath.startswith("./") and not xpath.startswith("./following-sibling::")
    if is_child and knows_scope():
        return ":scope"
    raise _refuse(xpath)


def _translate_path(path: str, xpath: str, css: str) -> tuple[str, int]:
    """Return the CSS of a path's steps, and which of the nodes that it finds is meant."""
    index, at = 0, 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or index:
            raise _refuse(xpath)
        axis, at = step["axis"], step.end()
        part, position = _translate_step(step, xpath)
        if axis == "/following-sibling::":
            index = position - 1  # CSS has no "the second that follows"; the caller counts
        elif position:
            part += f":nth-of-type({position})"
        css += (_AXES[axis] if css else "") + part
    return css, index


def _translate_step(step: re.Match[str], xpath: str) -> tuple[str, int]:
    """Return a step's compound selector without its position, and the position (0 if none).

    Each predicate counts among what those before it left. In CSS, `:nth-of-type` counts among all
    of a tag, so a position must come first; of what follows a sibling we count what was found, so
    there it must come last.
    """
    part, position = step["name"].replace("*", ""), 0
    is_sibling = step["axis"] == "/following-sibling::"
    texts = re.findall(r"\[[^\]]*\]", step["predicates"])
    for place, text in enumerate(texts):
        predicate = _PREDICATE.fullmatch(text)
        if predicate is None:
            raise _refuse(xpath)
        if predicate["position"]:
            if place != (len(texts) - 1 if is_sibling else 0):
                raise _refuse(xpath)
            position = int(predicate["position"])
        else:
            part += _translate_attribute(predicate)
    if is_sibling:
        position = position or 1
    if position and step["name"] == "*":
        raise _refuse(xpath)  # CSS counts per tag
    return part or "*", position


def _translate_attribute(predicate: re.Match[str]) -> str:
    if predicate["part_name"]:
        return f"[{_escape(predicate['part_name'])}*={_quote(predicate['part'])}]"
    if predicate["present"]:
        return f"[{_escape(predicate['present'])}]"
    return f"[{_escape(predicate['name'])}={_quote(predicate['value'])}]"


def _escape(name: str) -> str:
    return name.replace(":", "\\:")


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _refuse(xpath: str) -> UsageError:
    return UsageError(
        f"the XPath {xpath!r} has no CSS selector here, so that a parser that knows only CSS "
        "cannot read this site; use the parser lxml"
    )
