"""What a correct crawl of a user's own site returns, as `mirror verify` wrote it (floor 1)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from crawlbench.base.digest import digest_rows
from crawlbench.base.errors import StorageError, UsageError
from crawlbench.base.storage import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from crawlbench.sites.manifest import Manifest
    from crawlbench.sites.sitefile import SiteFile

FORMAT: Final = 1


class ExpectedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file beside the site file."""

    format: int
    """Number of this file's format."""
    fingerprint: str
    """Hash of the site file and the pages that were verified."""
    digest: str
    """Digest of the rows, as `digest_rows` computes it."""
    items: int
    pages: int
    """Requests that a correct crawl makes."""
    fields: tuple[str, ...]
    """Names of a row's values."""
    rows: list[list[Any]]
    """In order of rank."""


def expected_path(site_file: Path) -> Path:
    """Return where a site's expectation is: `site.expected.json` beside `site.toml`."""
    return site_file.with_suffix(".expected.json")


def compute_fingerprint(site: SiteFile, manifest: Manifest) -> str:
    """Return a hash of everything that decides what a crawl returns."""
    pages = [(page.address, page.sha256, page.aliases, page.encoding) for page in manifest.pages]
    return hashlib.sha256(msgspec.json.encode([site, pages])).hexdigest()


def load_expected(path: Path) -> ExpectedFile | None:
    """Read an expectation; None if there is none.

    Raises:
        UsageError: it is broken, or its rows are not those that were verified.
    """
    remedy = "verify the site again: crawlbench mirror verify"
    try:
        expected = msgspec.json.decode(path.read_bytes(), type=ExpectedFile)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot read {path} ({error.strerror}); {remedy}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} holds no expectation ({error}); {remedy}") from error
    if expected.format != FORMAT or digest_rows(expected.rows) != expected.digest:
        raise UsageError(f"{path} was changed or has another format; {remedy}")
    return expected


def write_expected(path: Path, expected: ExpectedFile) -> None:
    """Replace an expectation, whole or not at all.

    Raises:
        StorageError: the disk refuses.
    """
    text = msgspec.json.format(msgspec.json.encode(expected), indent=1) + b"\n"
    try:
        write_bytes(path, text)
    except OSError as error:
        raise StorageError(f"cannot write {path} ({error.strerror})") from error
