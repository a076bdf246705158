"""A user's own site: a TOML file, a folder of pages, and what `mirror verify` found (floor 1).

`--site ./site.toml` comes here through the family `*.toml` of the entry points.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.errors import UsageError
from crawlbench.base.model import Item, SiteSpec
from crawlbench.sites.addresses import Addresses, base_of, host_of, join, path_on, split_origin
from crawlbench.sites.charsets import DEFAULT, as_utf8, declared_encoding, find_label
from crawlbench.sites.expected import (
    ExpectedFile,
    compute_fingerprint,
    expected_path,
    load_expected,
)
from crawlbench.sites.items import make_item_type, make_ranked_type
from crawlbench.sites.manifest import FolderPages, Manifest, decode_manifest
from crawlbench.sites.sitefile import SiteFile, field_types, load_site_file, make_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.sites.manifest import ManifestPage

REMEDY = "import or record the pages again"


@dataclass(frozen=True, slots=True)
class CustomSite:
    """A site file and everything that it refers to."""

    spec: SiteSpec
    file: SiteFile
    manifest: Manifest
    addresses: Addresses
    reading: Reading
    fingerprint: str
    """Hash of the file and the pages."""
    derives_ranks: bool
    """Whether the items have no rank of their own."""


def load_site(name: str) -> SiteSpec:
    """Return the site that a TOML file describes, as docs/your-site.md says.

    Raises:
        UsageError: the file, its pages or its expectation cannot be used.
    """
    return open_site(name).spec


def open_site(name: str, *, is_verified: bool = True) -> CustomSite:
    """Read a site file, the list of its pages and, if wanted, its expectation.

    Args:
        name: path of the TOML file.
        is_verified: false leaves out the expectation, as for a site that is about to be verified.

    Raises:
        UsageError: the file, its pages or its expectation cannot be used.
    """
    path = Path(name)
    file = load_site_file(path)
    folder = path.parent / file.pages
    manifest = decode_manifest(folder, REMEDY)
    addresses = Addresses(file.addresses, manifest.pages)
    start = addresses.page_address(split_origin(file.start)[1])
    if not start:
        raise UsageError(f"{name}: the start {file.start!r} is not a page in {folder}; {REMEDY}")
    fingerprint = compute_fingerprint(file, manifest)
    expectation = _Expectation(name, fingerprint, load_expected(expected_path(path)))
    if not is_verified:
        expectation.current = None
    types = field_types(file)
    item_type = make_item_type(tuple(types.items()))
    rows = expectation.current.rows if expectation.current else ()
    reading = Reading(file, manifest, addresses)
    spec = SiteSpec(
        name=name,
        path=start,
        kinds=make_kinds(file),
        item_type=item_type if "rank" in types else make_ranked_type(item_type, rows),
        page_address=addresses.page_address,
        expected_items=lambda: expectation.make_items(item_type),
        expected_pages=expectation.current.pages if expectation.current else 0,
        pages=lambda: FolderPages(folder, addresses.page_address, REMEDY),
        as_utf8=reading.as_utf8 if reading.transcodes else None,
        follow=reading.follow,
        # In which folder the pages lie does not change what a crawl returns.
        content=compute_fingerprint(msgspec.structs.replace(file, pages="."), manifest),
    )
    return CustomSite(spec, file, manifest, addresses, reading, fingerprint, "rank" not in types)


class Reading:
    """What a browser does around a parser: it decodes pages, and resolves their links."""

    def __init__(self, file: SiteFile, manifest: Manifest, addresses: Addresses) -> None:
        """Take what is known about the pages."""
        self._addresses = addresses
        self._host = host_of(file.start)
        self._origin = f"{file.start.partition(':')[0].lower()}://{self._host}"
        self._default = find_label(file.encoding)
        self._encodings: dict[str, str] = {}
        self._archived: dict[str, str] = {}
        """Address on the real site by spelling: a slash at its end decides where links lead."""
        self._declared: set[str] = set()
        for page in manifest.pages:
            address = addresses.page_address(page.address)
            declared = _encoding_of(page)
            self._encodings.setdefault(address, declared or self._default)
            self._archived.setdefault(address, page.address)
            if declared:
                self._declared.add(address)

    @property
    def transcodes(self) -> bool:
        """Whether some page is not in UTF-8."""
        return any(name != DEFAULT for name in self._encodings.values())

    def encoding_of(self, address: str) -> str:
        """Return the encoding of a page.

        Args:
            address: in its one spelling, without origin.
        """
        return self._encodings.get(address, self._default)

    def declares(self, address: str) -> bool:
        """Return whether a page itself declares its encoding; addresses as for `encoding_of`."""
        return address in self._declared

    def as_utf8(self, address: str, body: bytes) -> bytes:
        """Return a page's body in UTF-8; a page that is not the site's is returned unchanged.

        Args:
            address: absolute.
            body: as it was served.
        """
        name = self.encoding_of(split_origin(address)[1])
        if name == DEFAULT:
            return body
        try:
            return as_utf8(body, name)
        except UnicodeDecodeError:  # it is not the page that was verified
            return body

    def resolve(self, address: str, href: str, base: str = "") -> str:
        """Return path and query that a link leads to; empty if it leaves the site.

        Args:
            address: of the page, without origin.
            href: as it is written in the page.
            base: the page's `<base href>`, if it has one.

        Raises:
            ValueError: this is not an address.
        """
        real = self._origin + self._archived.get(address, address)
        url = join(base_of(real, base), href, self.encoding_of(address))
        return path_on(self._host, url)

    def follow(self, address: str, href: str, base: str = "") -> str:
        """See `SiteSpec.follow`."""
        origin, page = split_origin(address)
        try:
            path = self.resolve(page, href, base)
        except ValueError:
            return ""
        target = self._addresses.page_address(path) if path else ""
        return origin + target if target else ""


def _encoding_of(page: ManifestPage) -> str:
    """Return what the manifest says about a page's encoding; empty for nothing."""
    if page.encoding:
        return find_label(page.encoding)
    content_type = next((v for k, v in page.headers.items() if k.lower() == "content-type"), "")
    return declared_encoding(content_type, b"")


class _Expectation:
    """What was verified, if this site was."""

    def __init__(self, name: str, fingerprint: str, expected: ExpectedFile | None) -> None:
        is_current = expected is not None and expected.fingerprint == fingerprint
        self.current = expected if is_current else None
        self._failure = (
            f"the site {name!r} is not verified"
            if expected is None
            else f"the site {name!r} was changed after it was verified"
        )
        self._remedy = f"run: crawlbench mirror verify {shlex.quote(name)}"

    def make_items(self, item_type: type[Item]) -> Iterator[Item]:
        if self.current is None:
            raise UsageError(f"{self._failure}, so its items are not known; {self._remedy}")
        names = self.current.fields
        return (item_type(**dict(zip(names, row, strict=True))) for row in self.current.rows)
