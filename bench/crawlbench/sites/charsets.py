"""Finds a page's encoding, and its text, as browsers do (floor 1; pure).

Labels are those of the WHATWG Encoding Standard (`gb2312` is gbk, `iso-8859-1` is windows-1252). A
page's encoding is given by its byte-order mark, else by its header, else by its first 1024 bytes
(HTML Standard, 13.2.3.2), or not at all.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

import webencodings

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT: Final = "utf-8"
"""The encoding of pages that declare none."""

PRESCAN_BYTES: Final = 1024

_PIECE_BYTES: Final = 2**20

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)
"""Byte-order marks, each with the encoding that it stands for."""

_CODECS: Final = {"gbk": "gb18030"}
"""Codecs to use where Python's codec of that name knows less than the standard demands."""

_UNREADABLE = frozenset({"replacement", "x-user-defined"})

_TOKEN = re.compile(
    rb"<!--(?:.*?-->|>|->)|<(?P<meta>meta)(?=[\t\n\f\r /])|</?[a-z]|<[!/?]", re.DOTALL | re.I
)
_ATTRIBUTE = re.compile(
    rb"""[\t\n\f\r /]*(?P<name>[^\t\n\f\r />=][^\t\n\f\r />=]*)
        (?:[\t\n\f\r ]*=[\t\n\f\r ]*
        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\t\n\f\r >]+)))?
    """,
    re.VERBOSE,
)
_CONTENT = re.compile(
    r"""charset\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s;"']+))""", re.I
)
_XML = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)["']""", re.DOTALL)


def find_label(label: str) -> str:
    """Return the name of the encoding that a label means; empty if it means none."""
    found = webencodings.lookup(label)
    return "" if found is None or found.name in _UNREADABLE else found.name


def declared_encoding(content_type: str, body: bytes) -> str:
    """Return the name of the encoding that a page declares; empty if it declares none.

    Args:
        content_type: its header; empty if there was none.
        body: of the page, without any coding.
    """
    for mark, name in MARKS:
        if body.startswith(mark):
            return name
    if (found := _CONTENT.search(content_type)) and (name := find_label(_value(found))):
        return name
    return _prescan(body[:PRESCAN_BYTES])


def _prescan(head: bytes) -> str:
    """Return what the beginning of a page says about its encoding."""
    for attributes in _metas(head):
        label = attributes.get("charset")
        if label is None and attributes.get("http-equiv", "").lower() == "content-type":
            found = _CONTENT.search(attributes.get("content", ""))
            label = _value(found) if found else None
        if label is not None and (name := _in_ascii(label)):
            return name
    found_xml = _XML.match(head)
    return _in_ascii(found_xml[1].decode("latin-1")) if found_xml else ""


def _in_ascii(label: str) -> str:
    """Return an encoding that was named in ASCII letters, so that it cannot be UTF-16."""
    # As the standard has it for a page that names this encoding in a meta element.
    if label.strip().lower() == "x-user-defined":
        return "windows-1252"
    name = find_label(label)
    return "utf-8" if name.startswith("utf-16") else name


def _metas(head: bytes) -> Iterator[dict[str, str]]:
    """Yield the attributes of each `meta` that is not in a comment or inside another tag."""
    at = 0
    while token := _TOKEN.search(head, at):
        at = token.end()
        if token[0] in {b"<!", b"</", b"<?"}:
            at = head.find(b">", at) + 1 or len(head)  # -1 if none: the rest is one tag
        elif not token[0].startswith(b"<!--"):
            attributes, at = _attributes(head, at)
            if token["meta"]:
                yield attributes


def _attributes(head: bytes, at: int) -> tuple[dict[str, str], int]:
    """Return the attributes of a tag, the first of each name, and where the tag ends."""
    attributes: dict[str, str] = {}
    while found := _ATTRIBUTE.match(head, at):
        at = found.end()
        attributes.setdefault(found["name"].decode("latin-1").lower(), _value(found))
    return attributes, at


def _value(found: re.Match[str] | re.Match[bytes]) -> str:
    text = found["double"] or found["single"] or found["bare"] or ""
    return text if isinstance(text, str) else text.decode("latin-1")


def decode_strictly(body: bytes, name: str) -> str:
    """Return a page's text, without a byte-order mark.

    Args:
        body: without any coding.
        name: of an encoding, as `find_label` returns it.

    Raises:
        UnicodeDecodeError: some of it is not in that encoding.
    """
    codec, begin = _codec_of(body, name)
    return body[begin:].decode(codec, "crawlbench-whatwg")


def _codec_of(body: bytes, name: str) -> tuple[str, int]:
    """Return Python's name for a page's encoding, and where the page begins after its mark."""
    begin = 0
    for mark, marked in MARKS:
        if body.startswith(mark):
            begin, name = len(mark), marked
    return _CODECS.get(name) or webencodings.lookup(name).codec_info.name, begin


def find_undecodable(body: bytes, name: str) -> tuple[int, str] | None:
    """Return at which byte a page is not in its encoding, and why; None if all of it is.

    It goes piece by piece, because a text may take four times as much memory as its bytes.
    """
    codec, begin = _codec_of(body, name)
    decoder = codecs.getincrementaldecoder(codec)("crawlbench-whatwg")
    try:
        for at in range(begin, len(body), _PIECE_BYTES):
            decoder.decode(body[at : at + _PIECE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        try:  # as a whole, as it will be read: a decoder knows only places in its piece
            decode_strictly(body, name)
        except UnicodeDecodeError as error:
            return begin + error.start, error.reason
    return None


def as_utf8(body: bytes, name: str) -> bytes:
    """Return a page's text in UTF-8, which parsers take.

    Raises:
        UnicodeDecodeError: some of it is not in that encoding.
    """
    return decode_strictly(body, name).encode("utf-8", "replace")


def _decode_more(error: UnicodeError) -> tuple[str, int]:
    """Decode what the standard has and Python's codec lacks; raise the error for the rest."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    at, body = error.start, error.object
    name = error.encoding.lower().replace("-", "_")
    if name == "euc_jp" and (text := _jis_as_microsoft(body[at : at + 2])):
        return text, at + 2
    # The euro sign of Microsoft's code page 936, which the standard takes, too.
    if name == "gb18030" and body[at] == 0x80:
        return "€", at + 1
    if name in _SINGLE_BYTES and 0x80 <= body[at] <= 0x9F:
        return chr(body[at]), at + 1
    raise error


def _jis_as_microsoft(pair: bytes) -> str:
    """Return a character that only Microsoft's JIS has, such as a circled digit."""
    if len(pair) < 2 or not all(0xA1 <= byte <= 0xFE for byte in pair):
        return ""
    row, cell = (byte - 0xA0 for byte in pair)
    # Shift_JIS has two rows of JIS in one lead byte, and gaps among its lead and trail bytes.
    lead = (row - 1) // 2 + (0x81 if row < 63 else 0xC1)
    trail = cell + 0x9E if row % 2 == 0 else cell + (0x3F if cell < 64 else 0x40)
    try:
        return bytes((lead, trail)).decode("cp932")
    except UnicodeDecodeError:
        return ""


_SINGLE_BYTES = frozenset({"charmap", "cp874", *(f"cp125{n}" for n in range(9))})
"""Python leaves some control characters out of these; `charmap` is its name for them in errors."""

codecs.register_error("crawlbench-whatwg", _decode_more)
