"""Chooses the coding of an answer, and makes it (floor 2).

brotli and zstd are offered if their packages are installed; clients that accept several codings get
the one that servers prefer. Each answer is coded once and kept.
"""

from __future__ import annotations

import contextlib
import gzip
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Flags of an answer, besides those of `responses` and `http1`; at most one of them is set.
GZIP = 1
BROTLI = 32
ZSTD = 64
CODED = GZIP | BROTLI | ZSTD
CODINGS: Final = {GZIP: "gzip", BROTLI: "br", ZSTD: "zstd"}

GZIP_LEVEL: Final = 6
BROTLI_QUALITY: Final = 5  # what servers use for answers that they make on the fly
ZSTD_LEVEL: Final = 3

_COMPRESS: dict[int, Callable[[bytes], bytes]] = {
    GZIP: lambda body: gzip.compress(body, GZIP_LEVEL, mtime=0)
}
_EXPAND: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress}
with contextlib.suppress(ImportError):
    import brotli

    _EXPAND["br"] = brotli.decompress
    _COMPRESS[BROTLI] = lambda body: brotli.compress(body, quality=BROTLI_QUALITY)
# In the standard library from Python 3.14 on; before that, in the package backports.zstd.
try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    with contextlib.suppress(ImportError):
        from backports import zstd
# Where neither was found, the name does not exist.
with contextlib.suppress(NameError):
    _EXPAND["zstd"] = zstd.decompress
    _COMPRESS[ZSTD] = lambda body, compress_zstd=zstd.compress: compress_zstd(body, ZSTD_LEVEL)  # type: ignore[misc]

_PREFERRED: Final = ((ZSTD, b"zstd"), (BROTLI, b"br"), (GZIP, b"gzip"))


def compress(body: bytes, coding: int) -> bytes:
    """Return a body in a coding, which is one of the flags above; 0 for none."""
    return _COMPRESS[coding](body) if coding else body


def expand(body: bytes, name: str) -> bytes:
    """Return a body without the coding of this name, as in Content-Encoding; empty for none."""
    return _EXPAND[name](body) if name else body


@lru_cache(maxsize=256)
def choose_coding(accept_encoding: bytes) -> int:
    """Return the coding's flag for an Accept-Encoding header, 0 for none (RFC 9110, 12.5.3)."""
    weights = {}
    for part in accept_encoding.lower().split(b","):
        coding, _, parameter = part.partition(b";")
        name, _, value = parameter.strip().partition(b"=")
        try:
            weight = float(value) if name.strip() == b"q" else 1.0
        except ValueError:
            weight = 0.0  # what cannot be read is no consent
        weights[coding.strip()] = weight if math.isfinite(weight) else 0.0  # not allowed for q
    # The old name still counts (RFC 9110, 8.4.1.3).
    if b"x-gzip" in weights:
        weights.setdefault(b"gzip", weights[b"x-gzip"])
    others = weights.get(b"*", 0.0)
    if others > 0:
        weights.setdefault(b"gzip", others)  # everybody has this one
    offers = [(weights.get(name, 0.0), flag) for flag, name in _PREFERRED if flag in _COMPRESS]
    # Of equal weights `max` takes the first, which is the preferred one.
    weight, flag = max(offers, key=lambda offer: offer[0])
    return flag if weight > 0 else 0
