"""Faults that change the answer, and the addresses that redirects lead to (floor 2; pure)."""

from __future__ import annotations

import gzip
import re
import zlib
from functools import cache
from typing import TYPE_CHECKING

from crawlbench.mirror.answers import Answer
from crawlbench.mirror.codings import expand
from crawlbench.mirror.responses import Responses

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawlbench.mirror.networks import Fault

BIG_PAGE_BYTES = 10 * 2**20
BOMB_BYTES = 256 * 2**20  # unpacked; about a thousandth of it goes over the wire
FLOOD_HEADERS = 2_000
HTML = {"Content-Type": "text/html; charset=utf-8"}
BLOCK_PAGE = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>禁止访问</title></head>
<body><h1>检测到有异常请求从您的IP发出</h1><p>请登录后再试。</p></body></html>
"""

LOOP_TARGETS = (b"/.mirror/loop/1", b"/.mirror/loop/2")
"""Each redirects to the other."""
MARK = "moved-by-the-mirror=1"
_MARK = re.compile(rb"[?&]moved-by-the-mirror=1$")


def unmark(target: bytes) -> bytes | None:
    """Return the original target of one that a redirect led to; None for any other target."""
    bare = _MARK.sub(b"", target)
    return bare if bare != target else None


def alter(answer: Answer, fault: Fault, page: str) -> Answer:
    """Return the answer that a fault puts in place of the right one.

    Args:
        answer: the right one.
        fault: one of `ANSWER_KINDS`; any other leaves the answer as it is.
        page: the address that was asked for.
    """
    change = _CHANGES.get(fault.kind)
    if change:
        return change(answer)
    if fault.kind in {"301", "302"}:
        # The mark makes it another address of the page, which no fault hits (`Mirror.draw_fault`).
        mark = "&" if "?" in page else "?"
        return Responses.error_answer(int(fault.kind), {"Location": f"{page}{mark}{MARK}"})
    if fault.kind.isdigit():
        wait_s = 1 if fault.kind == "429" and fault.retry_after_s is None else fault.retry_after_s
        extra = {} if wait_s is None else {"Retry-After": str(wait_s)}
        return Responses.error_answer(int(fault.kind), extra)
    return answer


def loop_answer(target: bytes) -> Answer:
    """Return the redirect from one of the `LOOP_TARGETS` to the other."""
    other = LOOP_TARGETS[target == LOOP_TARGETS[0]]
    return Responses.error_answer(302, {"Location": other.decode()})


def _plain(answer: Answer) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an answer, decoded."""
    headers = dict(answer.headers)
    return headers, expand(answer.body, headers.pop("Content-Encoding", ""))


def _garble(answer: Answer) -> Answer:
    """Return the answer in a charset other than the one declared."""
    headers, body = _plain(answer)
    return Answer(answer.status, headers, body.decode("utf-8", "replace").encode("gb18030"))


def _miscode(answer: Answer) -> Answer:
    """Return an answer that declares deflate but is gzipped."""
    headers, body = _plain(answer)
    coded = gzip.compress(body, 1, mtime=0)
    return Answer(answer.status, {**headers, "Content-Encoding": "deflate"}, coded)


def _lie(answer: Answer) -> Answer:
    """Return an answer that declares gzip but has the body as it is."""
    headers, body = _plain(answer)
    return Answer(answer.status, {**headers, "Content-Encoding": "gzip"}, body)


def _bomb(answer: Answer) -> Answer:
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return Answer(answer.status, headers, _pack_zeros(BOMB_BYTES))


@cache
def _pack_zeros(size: int) -> bytes:
    """Return a gzip stream of that many zero bytes, made from one repeated block."""
    block = bytes(2**20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # After a full flush a block refers to nothing before it, so that its bytes can be repeated.
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(size // len(block)):
        checksum = zlib.crc32(block, checksum)
    end = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    tail = checksum.to_bytes(4, "little") + size.to_bytes(4, "little")
    return head + packed * (size // len(block)) + end + tail


def _swell(answer: Answer) -> Answer:
    """Return the page followed by a comment that makes it 10 MiB, not coded."""
    headers, body = _plain(answer)
    padding = max(0, BIG_PAGE_BYTES - len(body) - len(b"<!---->"))
    return Answer(answer.status, headers, b"%b<!--%b-->" % (body, b"x" * padding))


def _flood(answer: Answer) -> Answer:
    flood = {f"X-Flood-{number:04}": "x" * 100 for number in range(FLOOD_HEADERS)}
    return Answer(answer.status, {**answer.headers, **flood}, answer.body)


_CHANGES: dict[str, Callable[[Answer], Answer]] = {
    "redirect-loop": lambda _: loop_answer(LOOP_TARGETS[1]),
    "block-page": lambda _: Answer(200, HTML, BLOCK_PAGE.encode()),
    "wrong-charset": _garble,
    "wrong-coding": _miscode,
    "lying-coding": _lie,
    "gzip-bomb": _bomb,
    "big-page": _swell,
    "header-flood": _flood,
}
