"""The one way in which an address escapes its characters (floor 1; pure)."""

from __future__ import annotations

import re
from urllib.parse import quote

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
IN_PATH = _UNRESERVED + "!$&'()*,;=:@"  # escaping these does not change the meaning
_IN_QUERY = _UNRESERVED + "!$'()*,:@/?"
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def split_query(query: str) -> list[str]:
    """Return the pairs of a query, each spelled in one way."""
    return [part for part in requote_query(query).split("&") if part]


def requote_query(query: str) -> str:
    """Return a query, or a pair of one, spelled in one way."""
    return requote(query.replace("%20", "+").replace(" ", "+"), _IN_QUERY, also_legal="+&=;")


def requote(text: str, same: str, also_legal: str) -> str:
    """Decode escapes that are not needed, and escape what is not allowed."""

    def decode(escape: re.Match[str]) -> str:
        character = chr(int(escape[1], 16))
        return character if character in same else escape[0].upper()

    text = _ESCAPE.sub(decode, _STRAY_PERCENT.sub("%25", text))
    return quote(text, safe=same + also_legal + "%")
