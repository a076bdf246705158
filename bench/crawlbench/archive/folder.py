"""Reads the pages of a folder that `wget --mirror` made (floor 3)."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from crawlbench.archive.capture import MOST_PAGE_BYTES, Capture, SkippedError, looks_like_html
from crawlbench.archive.decode import TOO_LARGE
from crawlbench.errors import UsageError
from crawlbench.sites.addresses import host_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read_folder"]

INDEX = "index.html"
"""What wget calls a page whose address ends in a slash."""

_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+|localhost|\d+(?:\.\d+){3}", re.IGNORECASE)
_HOST_WITH_PORT = re.compile(rf"(?:{_HOST.pattern})(?:[:+]\d+)?", re.IGNORECASE)
_PAGE_NAME = re.compile(r"\.x?html?$", re.IGNORECASE)
_ORIGINAL = re.compile(r"\.orig$")


def read_folder(folder: Path, start: str | None) -> Iterator[Capture]:
    """Yield the files of a folder, the first page first, then in order of name.

    Their addresses are those that wget's names mean.

    Args:
        folder: that wget made, or the folder of a host in it.
        start: address of the first page, if it is known: it names the host.

    Raises:
        UsageError: there is no such folder, it holds a symbolic link, or a file cannot be read.
    """
    root, origin = _find_root(folder, start)
    for path in sorted(_walk(root), key=lambda path: (path != root / INDEX, path)):
        names = path.relative_to(root).parts
        if not all(map(_is_text, names)):
            raise UsageError(f"{str(path)!r} has a name that is not UTF-8; rename or delete it")
        yield _capture(path, names, origin)


def _find_root(folder: Path, start: str | None) -> tuple[Path, str]:
    """Return the folder of the host's pages, and the origin of their addresses."""
    scheme, host = "http", ""
    if start:
        scheme, host = start.partition(":")[0], host_of(start)
    folders = sorted(e for e in _list(folder) if e.is_dir() and not e.is_symlink())
    hosts = [entry for entry in folders if _HOST_WITH_PORT.fullmatch(entry.name)]
    for entry in hosts:
        if host and _host_name(entry) in {host, host.partition(":")[0]}:
            return entry, f"{scheme}://{host}"
    if not host and not (folder / INDEX).exists():
        if len(hosts) == 1 == len(folders):
            return hosts[0], f"{scheme}://{_host_name(hosts[0])}"
        if len(hosts) > 1:
            names = ", ".join(entry.name for entry in hosts)
            raise UsageError(f"{folder} holds several hosts ({names}); name the start: --start URL")
    own = folder.resolve()
    host = host or (_host_name(own) if _HOST_WITH_PORT.fullmatch(own.name) else "localhost")
    return folder, f"{scheme}://{host}"


def _host_name(folder: Path) -> str:
    return folder.name.replace("+", ":").lower()  # wget writes + where : cannot be in a name


def _list(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise UsageError(f"cannot read the folder {folder} ({error.strerror})") from error


def _walk(folder: Path) -> Iterator[Path]:
    for path in _list(folder):
        if path.is_symlink():
            raise UsageError(
                f"{path} is a symbolic link, which may lead anywhere; put a copy in its place or "
                "delete it"
            )
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # a surrogate stands for a byte that is no UTF-8
        return False
    return True


def _capture(path: Path, names: tuple[str, ...], origin: str) -> Capture:
    address, aliases = spell_names(names)

    def read() -> bytes:
        if _ORIGINAL.search(path.name):
            raise SkippedError("an original that wget kept beside its converted page")
        return _read(path)

    headers = [("Content-Type", "text/html")]
    return Capture(origin + address, 200, headers, read, aliases)


def spell_names(names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the address that the path of a file means, and others that links may use.

    wget puts a query into the name, calls the page of a folder `index.html`, and with
    `--adjust-extension` adds `.html`; after `--convert-links` links name the file itself.
    """
    folder = "".join(f"/{_quote(name)}" for name in names[:-1])
    name, mark, query = names[-1].partition("?")
    as_file = f"{folder}/{quote(names[-1])}"
    plain = "" if name == INDEX else _quote(name)
    if mark:
        without = query.removesuffix(".html")
        main = f"{folder}/{plain}?{without}"
        as_link = f"{folder}/{quote(names[-1], safe='?&=')}"  # --convert-links without the former
        others = [f"{folder}/{plain}?{query}", f"{folder}/{_quote(name)}?{without}"]
        others += [as_file, as_link]
    elif name == INDEX:
        main = f"{folder}/"
        others = [as_file, folder] if folder else [as_file]
    else:
        main = f"{folder}/{plain}"
        others = [as_file, main.removesuffix(".html")]
    return main, tuple(other for other in dict.fromkeys(others) if other != main)


def _quote(name: str) -> str:
    """Escape what an address cannot hold; escapes that wget left in a name stay."""
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", name), safe="%!$&'()*+,;=:@~")


def _read(path: Path) -> bytes:
    """Return a page's bytes; the file is what it was when the folder was listed, or an error."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            body = file.read(MOST_PAGE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path} ({error.strerror})") from error
    if len(body) > MOST_PAGE_BYTES:
        raise SkippedError(TOO_LARGE)
    if not (_PAGE_NAME.search(path.name) or looks_like_html(body)):
        raise SkippedError("no HTML")
    return body
