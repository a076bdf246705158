"""What makes two addresses one page of a user's own site (floor 1; pure).

Addresses are read and joined as browsers do (WHATWG URL, by the library ada). Clients spell them in
different ways: `%7e` or `~`, `%20` or `+` in a query. All spellings with the same meaning become
one; the site's own rules come on top.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import ada_url
import msgspec

from crawlbench.sites.escapes import IN_PATH, requote, requote_query, split_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crawlbench.sites.manifest import ManifestPage

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\\\s]+(?=[/?#]|\Z)", re.IGNORECASE)
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
REFERENCES = "crawlbench.references"
"""How a query holds what its encoding lacks: as escaped references (WHATWG, URL, 5.1)."""


def _refer(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(f"%26%23{ord(one)}%3B" for one in lacking), error.end


codecs.register_error(REFERENCES, _refer)


class AddressRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[addresses]` of a site file; a fragment never counts."""

    keep_parameters: tuple[str, ...] | None = None
    """Globs: only these parameters of a query count. Without it, all do."""
    drop_parameters: tuple[str, ...] = ()
    """Globs: these parameters do not count."""
    default_parameters: tuple[str, ...] = ()
    """Entries like `page=1`: a parameter with this value means the same as none."""
    sort_parameters: bool = False
    """Whether the order of parameters does not count."""
    trailing_slash: Literal["keep", "drop", "add"] = "keep"
    """`drop` and `add` make `/a` and `/a/` one page; a name with a dot gets no slash."""
    index: tuple[str, ...] = ()
    """File names that stand for their folder, such as `index.html`."""
    ignore_case: bool = False
    """Whether upper and lower case are the same."""

    def check(self) -> None:
        """Refuse entries that can match nothing.

        Raises:
            ValueError: it says what to write instead.
        """
        for key in ("keep_parameters", "drop_parameters"):
            for glob in getattr(self, key) or ():
                if "=" in glob:
                    raise ValueError(
                        f"{key} takes names, and {glob!r} has a value; if a parameter means "
                        f"nothing with this value alone, write: default_parameters = [{glob!r}]"
                    )
        for pair in self.default_parameters:
            if "=" not in pair:
                raise ValueError(
                    f"default_parameters takes pairs such as 'page=1', and {pair!r} has no value; "
                    f"if the parameter never counts, write: drop_parameters = [{pair!r}]"
                )

    def unused(self, addresses: Iterable[str]) -> list[str]:
        """Return the entries that match none of these addresses, as `key 'entry'`."""
        parts = [address.partition("#")[0].partition("?") for address in addresses]
        pairs = {pair for _, _, query in parts for pair in split_query(query)}
        pairs = set(self._fold(pairs))
        names = {pair.partition("=")[0] for pair in pairs}
        files = set(self._fold(path.rpartition("/")[2] for path, _, _ in parts))
        met: dict[str, Callable[[str], bool]] = {
            "keep_parameters": lambda glob: any(fnmatchcase(name, glob) for name in names),
            "drop_parameters": lambda glob: any(fnmatchcase(name, glob) for name in names),
            "default_parameters": pairs.__contains__,
            "index": files.__contains__,
        }
        return [
            f"{key} {entry!r}"
            for key, matches in met.items()
            for entry in getattr(self, key) or ()
            if not matches(self._fold_entry(key, entry))
        ]

    def spell(self, address: str) -> str:
        """Return the one spelling of a path with its query, without a fragment.

        Raises:
            ValueError: this is not an address.
        """
        path, _, query = address.partition("#")[0].partition("?")
        path = self._spell_path(path)
        query = self._spell_query(query)
        return f"{path}?{query}" if query else path

    def _spell_path(self, path: str) -> str:
        (path,) = self._fold([requote(path or "/", IN_PATH, also_legal="/+")])
        if not path.startswith("/"):
            raise ValueError(f"{path!r} does not begin with a slash")
        if "/." in path:  # clients resolve `.` and `..` before they send a request
            path = ada_url.URL(f"http://host{path}").pathname
        path = self._drop_index(path)
        name = path.rpartition("/")[2]
        return f"{path}/" if self.trailing_slash == "add" and name and "." not in name else path

    def _drop_index(self, path: str) -> str:
        """Return a path without a name that stands for its folder, and without a slash to drop."""
        drops = self.trailing_slash == "drop"
        while True:
            # What a slash hides may be such a name, and what such a name hides may be a slash.
            path = (path.rstrip("/") or "/") if drops else path
            folder, _, name = path.rpartition("/")
            if not name or name not in self._fold(self.index):
                return path
            path = f"{folder}/"

    def _spell_query(self, query: str) -> str:
        # Case is folded before anything is compared or sorted, so that no other rule depends on it.
        parts = [part for part in self._fold(split_query(query)) if self._counts(part)]
        return "&".join(sorted(parts) if self.sort_parameters else parts)

    def _counts(self, pair: str) -> bool:
        if self.default_parameters and pair in self._fold(
            map(requote_query, self.default_parameters)
        ):
            return False
        parameter = pair.partition("=")[0]
        kept = self.keep_parameters is None or _fits(parameter, self._fold(self.keep_parameters))
        return kept and not _fits(parameter, self._fold(self.drop_parameters))

    def _fold(self, texts: Iterable[str]) -> Iterable[str]:
        """Return texts in lower case if case does not count."""
        return [text.lower() for text in texts] if self.ignore_case else texts

    def _fold_entry(self, key: str, entry: str) -> str:
        (entry,) = self._fold([requote_query(entry) if key == "default_parameters" else entry])
        return entry


class Addresses:
    """The pages that a site has, and which address leads to which.

    An address that leads to none becomes an empty text, which fits no kind of page, so that a crawl
    does not follow it.
    """

    def __init__(self, rules: AddressRules, pages: Iterable[ManifestPage]) -> None:
        """Spell the pages' addresses by the rules; if two become one, the first stays."""
        pages = list(pages)
        self._rules = rules
        self._pages: dict[str, str] = {}
        self.clashes: list[tuple[str, str]] = []
        """Archived addresses of two pages that became one although their bodies differ."""
        self.merged: list[tuple[str, str]] = []
        """The same for equal bodies."""
        first: dict[str, ManifestPage] = {}
        for page in pages:
            spelled = rules.spell(page.address)
            other = first.setdefault(spelled, page)
            self._pages[spelled] = spelled
            if other is not page:
                pairs = self.merged if other.sha256 == page.sha256 else self.clashes
                pairs.append((other.address, page.address))
        # After all pages, so that an alias never takes the place of a page.
        for page in pages:
            main = rules.spell(page.address)
            for alias in page.aliases:
                self._pages.setdefault(rules.spell(alias), main)

    @property
    def known(self) -> set[str]:
        """The spelling of each page."""
        return set(self._pages.values())

    def page_address(self, address: str) -> str:
        """Give each page one spelling; empty if there is no such page.

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
    """Return the origin and the rest of an address; the origin of a mere path is empty.

    Addresses that browsers repair (`https:/host`, backslashes, blanks before it) are repaired.
    """
    found = _ORIGIN.match(address)
    # A path may hold a colon, too. Other texts with one may be addresses that browsers repair.
    if not found and ":" in address and not address.startswith("/"):
        with contextlib.suppress(ValueError):
            mended = ada_url.URL(address).href
            found = _ORIGIN.match(mended)
            address = mended if found else address
    return (found[0], address[found.end() :]) if found else ("", address)


def host_of(address: str) -> str:
    """Return host and port as browsers compare them, without the default port.

    Names are in ASCII and lower case; a final dot does not count.

    Raises:
        ValueError: it is not an http address.
    """
    try:
        url = ada_url.URL(address)
    except ValueError:
        raise ValueError(f"{address!r} is not an http address") from None
    name = url.hostname.removesuffix(".")
    if url.protocol not in {"http:", "https:"} or not name:
        raise ValueError(f"{address!r} is not an http address")
    return f"{name}:{url.port}" if url.port else name


def join(base: str, href: str, encoding: str = "utf-8") -> str:
    """Return where a link leads, as browsers understand it.

    Args:
        base: absolute address of the page.
        href: of the link, as it is written in the page.
        encoding: of the page, in which browsers escape a query.

    Raises:
        ValueError: this is not an address.
    """
    # Browsers escape a query in the encoding of its page, and ada escapes it in UTF-8.
    if encoding != "utf-8" and "?" in href and not href.isascii():
        path, _, query = href.partition("?")
        query, mark, fragment = query.partition("#")
        octets = query.encode(encoding, REFERENCES)
        href = f"{path}?{quote(octets, safe=_ASCII)}{mark}{fragment}"
    joined: str = ada_url.join_url(base, href)
    return joined


def base_of(page: str, base: str) -> str:
    """Return what a page's links are relative to: its `<base href>`, if that is an address.

    Args:
        page: its absolute address.
        base: as it is written in the page; empty if there is none.
    """
    try:
        return join(page, base) if base else page
    except ValueError:
        return page


def path_on(host: str, url: str) -> str:
    """Return path and query of an address on a host, without its fragment; empty for other hosts.

    Args:
        host: as `host_of` returns it.
        url: absolute.
    """
    try:
        if host_of(url) != host:
            return ""
    except ValueError:
        return ""
    return split_origin(url)[1].partition("#")[0] or "/"


def _fits(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
