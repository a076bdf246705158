"""Reads the pages of a folder made by `wget --mirror`, whatever its options and age (floor 4).

wget turns addresses into file names: a query follows `?`, or `@` in names for Windows; characters
that a name cannot contain are escaped; and `.html` is appended if the user asked for that.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from crawlbench.archive.capture import MAX_PAGE_BYTES, Capture, SkippedError
from crawlbench.archive.decode import GZIP_MAGIC, TOO_LARGE, gunzip
from crawlbench.archive.sniffing import looks_like_html
from crawlbench.base.errors import UsageError
from crawlbench.sites.addresses import host_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX = "index.html"
"""The name that wget gives a page whose address ends in a slash."""

_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+|localhost|\d+(?:\.\d+){3}", re.IGNORECASE)
_HOST_WITH_PORT = re.compile(rf"(?:{_HOST.pattern})(?:[:+]\d+)?", re.IGNORECASE)
_PAGE_NAME = re.compile(r"\.x?html?$", re.IGNORECASE)
_ORIGINAL = re.compile(r"\.orig$")


def read_folder(folder: Path, start: str | None) -> Iterator[Capture]:
    """Yield the files of a folder, the first page first and the others in order of name.

    Their addresses are reconstructed from the names that wget gave them.

    Args:
        folder: a folder made by wget, or a host's folder in it.
        start: the address of the first page, if it is known; it determines the host.

    Raises:
        UsageError: there is no such folder, it holds a symbolic link, or a file cannot be read.
    """
    root, origin = _find_root(folder, start)
    paths = sorted(_walk(root), key=lambda path: (path != root / INDEX, path))
    names = {path: path.relative_to(root).parts for path in paths}
    spelling = Spelling(set(names.values()))
    for path in paths:
        yield _capture(path, origin, *spelling.spell(names[path]))


def _find_root(folder: Path, start: str | None) -> tuple[Path, str]:
    """Return the folder with the host's pages, and the origin of their addresses."""
    scheme, host = "http", ""
    if start:
        scheme, host = start.partition(":")[0], host_of(start)
    # In this order: everything lies in http/ or https/; --start names one of the hosts; there is
    # one host and nothing beside it; otherwise the folder is the host's own.
    folders = sorted(e for e in _list(folder) if e.is_dir() and not e.is_symlink())
    has_index = (folder / INDEX).exists()
    if not has_index and len(folders) == 1 and folders[0].name in {"http", "https"}:
        root, origin = _find_root(folders[0], start)  # made by --protocol-directories
        return root, origin if start else f"{folders[0].name}:{origin.partition(':')[2]}"
    hosts = [entry for entry in folders if _HOST_WITH_PORT.fullmatch(entry.name)]
    for entry in hosts:
        if host and _host_name(entry) in {host, host.partition(":")[0]}:
            return entry, f"{scheme}://{host}"
    is_httrack = (folder / "hts-cache").is_dir()  # its index only lists the copies
    is_above = not host and (is_httrack or not has_index)
    if is_above and (found := _only_host(folder, hosts, hosts if is_httrack else folders)):
        return found, f"{scheme}://{_host_name(found)}"
    own = folder.resolve()
    host = host or (_host_name(own) if _HOST_WITH_PORT.fullmatch(own.name) else "localhost")
    return folder, f"{scheme}://{host}"


def _only_host(folder: Path, hosts: list[Path], folders: list[Path]) -> Path | None:
    """Return the folder of the only host; None if there is anything else.

    Raises:
        UsageError: there are several hosts.
    """
    if len(hosts) == 1 == len(folders):
        return hosts[0]
    if len(hosts) > 1:
        names = ", ".join(entry.name for entry in hosts)
        raise UsageError(f"{folder} holds several hosts ({names}); name the start: --start URL")
    return None


def _host_name(folder: Path) -> str:
    return folder.name.replace("+", ":").lower()  # wget writes + where : cannot be in a name


def _list(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise UsageError(f"cannot read the folder {str(folder)!r} ({error.strerror})") from error


def _walk(folder: Path) -> Iterator[Path]:
    # Without recursion: folders may lie in each other more deeply than Python calls itself.
    folders = [folder]
    while folders:
        for path in _list(folders.pop()):
            if path.is_symlink():
                raise UsageError(
                    f"{str(path)!r} is a symbolic link, which may lead anywhere; put a copy in its "
                    "place or delete it"
                )
            if path.is_dir():
                folders.append(path)
            elif path.is_file():
                yield path


def _capture(path: Path, origin: str, address: str, aliases: tuple[str, ...]) -> Capture:
    leniencies: list[str] = []

    def read() -> bytes:
        if _ORIGINAL.search(path.name):
            raise SkippedError("an original that wget kept beside its converted page")
        return _read(path, leniencies)

    headers = [("Content-Type", "text/html")]
    return Capture(origin + address, 200, headers, read, aliases, leniencies=leniencies)


class Spelling:
    """Reconstructs addresses from the names in a folder; it needs all of them to do so."""

    def __init__(self, files: set[tuple[str, ...]]) -> None:
        """Take the paths of all files, each as a tuple of names."""
        self._files = files
        # If one name has a `?`, wget was free to write it, so that an `@` is just a letter.
        self._has_marks = any("?" in names[-1] for names in files)
        self._queried = {
            (*names[:-1], names[-1].partition(mark)[0]) for names in files for mark in "?@"
        }

    def spell(self, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Return the address of a file's page, and others that links may use.

        After `--convert-links`, links name the file itself.
        """
        folder = "".join(f"/{_quote(name)}" for name in names[:-1])
        # An `@` without a `=` behind it does not begin a query.
        mark = "?" if self._has_marks or "=" not in names[-1].partition("@")[2] else "@"
        name, found, query = names[-1].partition(mark)
        plain = "" if name == INDEX else _quote(name)
        # Links to a file escape the `%` that wget left in its name.
        as_file = f"{folder}/{_quote(names[-1], escapes='')}"
        if found:
            # wget probably added `.html`; if not, links with it lead here as well.
            bare, query = _quote(query.removesuffix(".html"), "?/"), _quote(query, "?/")
            main = f"{folder}/{plain}?{bare}"
            as_link = f"{folder}/{_quote(names[-1], '?', escapes='')}"  # with -k alone
            others = [f"{folder}/{plain}?{query}", f"{folder}/{_quote(name)}?{bare}"]
            others += [as_file, as_link, f"{folder}/{_quote(names[-1])}"]
        elif name == INDEX:
            main = f"{folder}/"
            others = [as_file, folder] if folder else [as_file]
        else:
            # The name does not say whether wget added `.html`, so both spellings lead here.
            main, bare = f"{folder}/{plain}", f"{folder}/{plain.removesuffix('.html')}"
            others = [as_file, bare]
            if self._had_no_extension(names):
                main, others = bare, [as_file, main]
        return main, tuple(other for other in dict.fromkeys(others) if other != main)

    def _had_no_extension(self, names: tuple[str, ...]) -> bool:
        """Return whether wget added `.html`, judging by an original and by the page's queries."""
        bare = (*names[:-1], names[-1].removesuffix(".html"))
        if bare == names or not bare[-1]:
            return False
        original = (*bare[:-1], f"{bare[-1]}.orig")
        return original in self._files or (bare in self._queried and bare not in self._files)


def _quote(name: str, also_safe: str = "", *, escapes: str = "%") -> str:
    """Escape characters that an address cannot contain; a name has the same bytes as the address.

    Args:
        name: the name of a file, or a part of it.
        also_safe: characters to keep, besides those of a path.
        escapes: `%` to keep the escapes that wget left in a name.
    """
    if escapes:
        name = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", name)
    return quote(os.fsencode(name), safe=f"{escapes}!$&'()*+,;=:@~{also_safe}")


def _read(path: Path, leniencies: list[str]) -> bytes:
    """Return a page's bytes; raise if the file has changed since the folder was listed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            body = file.read(MAX_PAGE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r} ({error.strerror})") from error
    if len(body) > MAX_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    if body.startswith(GZIP_MAGIC):
        body = gunzip(body, leniencies)
        leniencies.append("stored in gzip, as the server sent them")
    if not (_PAGE_NAME.search(path.name) or looks_like_html(body)):
        raise SkippedError("no HTML")
    return body
