"""What makes two addresses one page of a user's own site (floor 1; pure).

Clients spell addresses differently: `%7e` or `~`, `%20` or `+` in a query. All spellings that mean
the same get one; the site's own rules come on top.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.sites.manifest import ManifestPage

__all__ = ["AddressRules", "Addresses", "host_of", "split_origin"]

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_IN_PATH = _UNRESERVED + "!$&'()*,;=:@"  # an escape of these means the same as the character
_IN_QUERY = _UNRESERVED + "!$'()*,:@/?"
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)


class AddressRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[addresses]` of a site file; a fragment never counts."""

    keep_parameters: tuple[str, ...] | None = None
    """Globs: only these parameters of a query count. Without it all do."""
    drop_parameters: tuple[str, ...] = ()
    """Globs: these parameters do not count."""
    sort_parameters: bool = False
    """The order of parameters does not count."""
    trailing_slash: Literal["keep", "drop", "add"] = "keep"
    """`drop` and `add` make `/a` and `/a/` one page; a name with a dot gets no slash."""
    index: tuple[str, ...] = ()
    """File names that stand for their folder, such as `index.html`."""
    ignore_case: bool = False
    """Upper and lower case are the same."""

    def spell(self, address: str) -> str:
        """Return the one spelling of a path with its query; a fragment is dropped.

        Raises:
            ValueError: that is no address.
        """
        path, _, query = address.partition("#")[0].partition("?")
        path = self._spell_path(path)
        query = self._spell_query(query)
        spelled = f"{path}?{query}" if query else path
        return spelled.lower() if self.ignore_case else spelled

    def _spell_path(self, path: str) -> str:
        path = _requote(path or "/", _IN_PATH, also_legal="/+")
        if not path.startswith("/"):
            raise ValueError(f"{path!r} does not begin with a slash")
        if "/." in path:
            path = _resolve_dots(path)
        folder, _, name = path.rpartition("/")
        if name in self.index:
            path, name = f"{folder}/", ""
        if self.trailing_slash == "drop" and path != "/":
            path = path.rstrip("/") or "/"
        elif self.trailing_slash == "add" and name and "." not in name:
            path += "/"
        return path

    def _spell_query(self, query: str) -> str:
        query = _requote(
            query.replace("%20", "+").replace(" ", "+"), _IN_QUERY, also_legal="+&=;"
        ).strip("&")
        parts = [part for part in query.split("&") if part and self._counts(part.partition("=")[0])]
        return "&".join(sorted(parts) if self.sort_parameters else parts)

    def _counts(self, parameter: str) -> bool:
        kept = self.keep_parameters is None or _fits(parameter, self.keep_parameters)
        return kept and not _fits(parameter, self.drop_parameters)


class Addresses:
    """The pages that a site has: which address leads to which.

    An address that leads to none becomes empty text, which fits no kind of page, so that a crawl
    does not follow it.
    """

    def __init__(self, rules: AddressRules, pages: Iterable[ManifestPage]) -> None:
        """Spell the pages' addresses by the rules; of two that become one, the first stays."""
        pages = list(pages)
        self._rules = rules
        self._pages: dict[str, str] = {}
        self.clashes: list[tuple[str, str]] = []
        """Addresses, as archived, of two pages that became one although their bodies differ."""
        self.merged: list[tuple[str, str]] = []
        """The same where the bodies are equal."""
        first: dict[str, ManifestPage] = {}
        for page in pages:
            spelled = rules.spell(page.address)
            other = first.setdefault(spelled, page)
            self._pages[spelled] = spelled
            if other is not page:
                pairs = self.merged if other.sha256 == page.sha256 else self.clashes
                pairs.append((other.address, page.address))
        for page in pages:
            main = rules.spell(page.address)
            for alias in page.aliases:
                self._pages.setdefault(rules.spell(alias), main)

    @property
    def known(self) -> set[str]:
        """The spelling of each page."""
        return set(self._pages.values())

    def page_address(self, address: str) -> str:
        """Give one page one spelling; empty if there is no such page.

        Args:
            address: absolute, or a path with its query.
        """
        origin, path = split_origin(address)
        try:
            main = self._pages.get(self._rules.spell(path))
        except ValueError:
            return ""
        return "" if main is None else origin + main


def split_origin(address: str) -> tuple[str, str]:
    """Return origin and rest of an address; the origin of a mere path is empty."""
    found = _ORIGIN.match(address)
    return (found[0], address[found.end() :]) if found else ("", address)


def host_of(address: str) -> str:
    """Return host and port in lower case, without the port that goes without saying.

    Raises:
        ValueError: it is no http address.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{address!r} is no http address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return host if parts.port in {None, usual} else f"{host}:{parts.port}"


def _requote(text: str, same: str, also_legal: str) -> str:
    """Decode escapes of characters that mean the same without, and escape what is not legal."""

    def decode(escape: re.Match[str]) -> str:
        character = chr(int(escape[1], 16))
        return character if character in same else escape[0].upper()

    text = _ESCAPE.sub(decode, _STRAY_PERCENT.sub("%25", text))
    return quote(text, safe=same + also_legal + "%")


def _resolve_dots(path: str) -> str:
    """Resolve `.` and `..` as clients do before they ask (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _fits(name: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
