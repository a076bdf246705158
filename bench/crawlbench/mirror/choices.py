"""Chooses the answer to a request, before any protocol frames it (floor 2).

HTTP/2 uses all of it. HTTP/1.1 has the right answers rendered beforehand, and draws faults itself
(`connection.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawlbench.mirror import faults
from crawlbench.mirror.limits import MAX_TARGET_BYTES
from crawlbench.mirror.networks import DELIVERY_KINDS

if TYPE_CHECKING:
    from crawlbench.base.counters import Counters
    from crawlbench.mirror.answers import Answer
    from crawlbench.mirror.doors import Tracked
    from crawlbench.mirror.request import Request
    from crawlbench.mirror.server import Mirror

MAX_ADDRESS_BYTES = 200  # of an address that is counted but has no page


def choose_answer(
    mirror: Mirror, request: Request, before: int, counters: Counters
) -> tuple[Answer, str]:
    """Return the answer, and the kind of fault that spoils its delivery, or an empty text.

    Args:
        mirror: has the pages, and draws faults.
        request: the request to answer.
        before: number of requests for that page since `begin`.
        counters: where a fault is counted.
    """
    if request.page is None or not request.is_allowed:
        return answer_stranger(mirror, request), ""
    flags = mirror.choose_edition(request.page, request.flags, before)
    answer = mirror.responses.answer(request.page, flags)
    fault = mirror.draw_fault(request, before, counters)
    if fault is None:
        return answer, ""
    if fault.kind in DELIVERY_KINDS:
        return answer, fault.kind
    return faults.alter(answer, fault, request.page), ""


def count_request(counters: Counters, request: Request, connection: Tracked) -> tuple[str, int]:
    """Count a request that has just come; return its name and how often it came before.

    `Connection._answer_at_once` does the same for what needs no other call.
    """
    at = connection.active
    if request.page is None:
        target = request.target[:MAX_ADDRESS_BYTES].decode("latin-1")
        name, before = counters.stranger_arrived(target, at)
    else:
        name, before = request.page, counters.arrived(request.page, at, request.flags)
    if connection.span is not counters:
        connection.span, connection.crawl = counters, before
        counters.introduced(connection.opened)
    elif before > connection.crawl:
        # A crawl asks for each page once: earlier requests for one come from earlier crawls.
        connection.crawl = before
        counters.carried += 1
    return name, before


def answer_stranger(mirror: Mirror, request: Request) -> Answer:
    """Return the answer to a request for no page."""
    responses, target = mirror.responses, request.target
    # Over HTTP/1.1 the reader has refused such a target already.
    if len(target) > MAX_TARGET_BYTES:
        return responses.error_answer(414)
    # Clients follow a redirect of a POST with GET, which a page's own address would not allow.
    is_read = request.refusal == 405 and request.method in {b"GET", b"HEAD"}
    # Without faults nothing is redirected, so that these addresses do not exist.
    if mirror.network.faults and (request.is_allowed or is_read):
        if target in faults.LOOP_TARGETS:
            return faults.loop_answer(target)
        bare = faults.unmark(target)
        page = responses.find_page(bare) if bare else None
        if page is not None:
            return responses.answer(page, request.flags)
    if not request.is_allowed:
        return responses.refusal_answer(request)
    if target.endswith(b"/") and b"?" not in target:
        moved = responses.find_page(target[:-1])
        if moved is not None:
            return responses.error_answer(301, {"Location": moved})
    return responses.error_answer(404)
