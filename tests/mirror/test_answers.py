"""What is kept is bounded in bytes, whatever the number of pages."""

from __future__ import annotations

import asyncio
import contextlib
import gc

import pytest
from tests.mirror.wire import BODIES, make_responses, request

from crawlbench.base.counters import MAX_STRANGERS, MAX_TOLD, Counters
from crawlbench.mirror import responses as responses_module
from crawlbench.mirror.answers import ENTRY_BYTES, ByteStore
from crawlbench.mirror.codings import GZIP
from crawlbench.mirror.connection import Connection
from crawlbench.mirror.doors import Doors
from crawlbench.mirror.listener import bind
from crawlbench.mirror.networks import NETWORKS
from crawlbench.mirror.request import Request
from crawlbench.mirror.responses import NEW_VISITOR
from crawlbench.mirror.server import Mirror


def test_store_drops_what_was_not_used_for_longest():
    """Using is putting or getting; the newest stays even where it alone is too big."""
    store = ByteStore(3 * (10 + ENTRY_BYTES), len)
    for key in "abc":
        assert store.put(key, bytes(10)) == bytes(10)
    assert store.get("a") is not None
    store.put("d", bytes(10))
    assert [store.get(key) is not None for key in "abcd"] == [True, False, True, True]
    store.put("e", bytes(10_000))
    assert [store.get(key) is not None for key in "abcde"] == [False] * 4 + [True]
    assert store.bytes == 10_000 + ENTRY_BYTES


def test_empty_values_are_kept_and_count():
    """A million of nothing is something."""
    store = ByteStore(10 * ENTRY_BYTES, len)
    for key in range(100):
        store.put(key, b"")
    assert sum(store.get(key) is not None for key in range(100)) == 10


def test_rendered_answers_are_bounded(monkeypatch):
    """Those that were dropped are rendered anew, the same."""
    monkeypatch.setattr(responses_module, "KEPT_BYTES", 50_000)
    responses = make_responses()
    first = {page: responses.page(page, GZIP).data for page in BODIES}
    assert {page: responses.page(page, GZIP).data for page in BODIES} == first
    assert responses._rendered.bytes <= 50_000
    for page in BODIES:
        responses.answer(page, GZIP)
    assert responses._answers.bytes <= 50_000


def test_remembered_request_keeps_no_answer_alive(monkeypatch):
    """The store alone decides what stays in memory; what it gave up is rendered again."""
    monkeypatch.setattr(responses_module, "KEPT_BYTES", 50_000)
    responses = make_responses()
    door = Doors().main
    for page in BODIES:
        head = request(page)
        door.remember(head, Request(page.encode(), page, 0, 0, closes=False))
        door.known[head].learn(responses.page(page, 0))
    gc.collect()
    recalled = [known.recall() for known in door.known.values()]
    assert len(recalled) == len(BODIES)
    kept = [one for one in recalled if one]
    assert 0 < sum(len(one.data) for one in kept) <= 50_000 or len(kept) == 1


@pytest.mark.parametrize("kept_bytes", [1, 50_000, 2**24], ids=["one", "some", "all"])
def test_requests_that_come_again_get_the_same_answers(monkeypatch, kept_bytes):
    """However little of them is kept; each is counted, and by its page."""
    monkeypatch.setattr(responses_module, "KEPT_BYTES", kept_bytes)

    async def crawl():
        mirror = Mirror(make_responses(), NETWORKS["loopback"], 1)
        with contextlib.closing(mirror):
            listening = bind("127.0.0.1", 0)
            await mirror.listen(listening, mirror.doors.main, Connection, None)
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            for _ in range(4):
                for page, body in BODIES.items():
                    writer.write(request(page))
                    head = await reader.readuntil(b"\r\n\r\n")
                    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                    assert await read_chunks(reader) == body
            writer.close()
            return mirror.counters

    counters = asyncio.run(crawl())
    assert counters.requests == 4 * len(BODIES)
    assert counters.pages == dict.fromkeys(BODIES, 4)
    assert counters.shapes == {NEW_VISITOR: 4 * len(BODIES)}
    assert counters.begun_at < counters.first_at <= counters.second_at <= counters.last_at


async def read_chunks(reader):
    """Return a body that comes in chunks."""
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


def test_answer_has_no_framing():
    """Protocols add their own; flags of framing make no other answer."""
    responses = make_responses()
    answer = responses.answer("/top250", GZIP | NEW_VISITOR)
    assert {"Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length"}.isdisjoint(
        answer.headers
    )
    assert responses.answer("/top250", GZIP | NEW_VISITOR | 8) is answer
    assert responses.answer("/top250", 0).body == BODIES["/top250"]


class Packed:
    """A source that has its pages packed."""

    def find(self, address):
        """All are there."""
        return address

    def read(self, address):
        """Plain."""
        return {"Content-Type": "text/html"}, b"plain"

    def read_gzip(self, address):
        """Packed elsewhere."""
        return {"Content-Type": "text/html"}, b"packed"


def test_source_that_has_its_pages_packed_is_asked_for_them():
    """Nobody packs them again."""
    responses = responses_module.Responses(Packed())
    assert responses.answer("/", GZIP).body == b"packed"
    assert responses.answer("/", GZIP).headers["Content-Encoding"] == "gzip"
    assert responses.answer("/", 0).body == b"plain"


@pytest.mark.parametrize("odd_at", [0, 50_000, 99_999])
def test_counters_of_a_large_site_tell_the_odd_pages(odd_at):
    """The manager is told how many there were and which did not come as often as most."""
    counters = Counters()
    for number in range(100_000):
        counters.arrived(f"/{number}")
    counters.arrived(f"/{odd_at}")
    message = counters.as_message()
    assert (message["requests"], message["distinct_pages"]) == (100_001, 100_000)
    assert len(message["pages"]) == MAX_TOLD
    assert message["pages"][f"/{odd_at}"] == 2
    assert sorted(message["pages"].values())[:-1] == [1] * (MAX_TOLD - 1)
    assert len(counters.pages) == 100_000


def test_counters_of_a_small_site_tell_all():
    """Also those of nothing."""
    counters = Counters()
    assert Counters(**counters.as_message()) == counters
    for page in ("/a", "/b", "/a"):
        counters.arrived(page)
    counters.befell("503")
    told = Counters(**counters.as_message())
    assert (told.pages, told.distinct_pages, told.faults) == ({"/a": 2, "/b": 1}, 2, {"503": 1})


def test_strangers_are_bounded_beside_any_number_of_pages():
    """Pages of the site do not use up the room of those that are none."""
    counters = Counters()
    for number in range(2 * MAX_STRANGERS):
        counters.arrived(f"/{number}")
        name, before = counters.stranger_arrived(f"/none/{number}")
        assert (name == "(others)") is (number >= MAX_STRANGERS)
        assert before == max(0, number - MAX_STRANGERS)
    assert counters.stranger_arrived("/none/0") == ("/none/0", 1)
