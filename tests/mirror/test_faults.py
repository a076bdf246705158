"""Each fault as it comes over the wire, and what is counted."""

from __future__ import annotations

import contextlib
import json
import zlib

import pytest
from tests.mirror.h2wire import Http2Wire
from tests.mirror.wire import BODIES, GZIP, request, running_mirror

from crawlbench.mirror import faults
from crawlbench.mirror.networks import ANSWER_KINDS, DELIVERY_KINDS, NETWORKS, Fault, Network
from crawlbench.mirror.responses import Responses
from crawlbench.sites.api import API_POST

PAGE_2 = "/top250?start=25&filter="
PAGE = BODIES[PAGE_2]


@contextlib.contextmanager
def faulty(kind, loop_factory, **parameters):
    """Serve a site whose second page is faulty."""
    network = Network(faults=(Fault(kind, page=PAGE_2, **parameters),))
    with running_mirror(loop_factory, network) as running:
        running.begin()
        yield running
        for connection in list(running.mirror.connections):
            running.call(connection.drop)
        assert set(running.end().faults) <= {kind}


def ask(kind, loop_factory, *headers, **parameters):
    """Return the answer for the faulty page; the connection goes on and the page before is well."""
    with faulty(kind, loop_factory, **parameters) as running, running.open() as wire:
        assert wire.ask("/top250", GZIP).page == BODIES["/top250"]
        answer = wire.ask(PAGE_2, *headers)
        assert wire.ask("/top250").page == BODIES["/top250"]
        assert running.mirror.counters.faults == {kind: 1}
    return answer


@pytest.mark.parametrize("status", [403, 418, 429, 500, 503])
def test_status_comes_instead_of_the_page(loop_factory, status):
    """A short answer; 429 says when to come back."""
    answer = ask(str(status), loop_factory)
    assert answer.status == status
    assert answer.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert answer.body.startswith(str(status).encode())


@pytest.mark.parametrize("kind", ["429", "503"])
def test_retry_after_is_what_the_network_says(loop_factory, kind):
    """In whole seconds."""
    assert ask(kind, loop_factory, retry_after_s=7).headers["Retry-After"] == "7"


@pytest.mark.parametrize("kind", ["301", "302"])
def test_redirect_leads_to_the_page(loop_factory, kind):
    """Its address is another, on the same path; it is served and not faulty."""
    with faulty(kind, loop_factory) as running, running.open() as wire:
        answer = wire.ask(PAGE_2)
        assert answer.status == int(kind)
        moved = answer.headers["Location"]
        assert moved.startswith(PAGE_2)
        assert wire.ask(moved, GZIP).page == PAGE
        assert wire.ask("/top250?" + faults.MARK).page == BODIES["/top250"]
        assert wire.ask("/none?" + faults.MARK).status == 404
        assert running.mirror.counters.faults == {kind: 1}


@pytest.mark.parametrize("kind", ["301", "302", "redirect-loop"])
@pytest.mark.parametrize("http", ["1.1", "2"])
def test_redirect_of_a_post_can_be_followed_with_get(loop_factory, kind, http):
    """As most clients do; a page's own address is asked for with POST all the same."""
    responses = Responses(API_POST.pages(), method="POST", payload=API_POST.payload)
    network = Network(faults=(Fault(kind),))
    body = json.dumps(API_POST.payload(API_POST.path)).encode()
    with running_mirror(loop_factory, network, responses=responses) as running:
        ask = ask_over(running, http)
        status, location, _ = ask(API_POST.path, "POST", body)
        assert status == (302 if kind == "redirect-loop" else int(kind))
        for method in ("GET", "HEAD", "POST"):
            status, further, page = ask(location, method, body if method == "POST" else b"")
            if kind == "redirect-loop":
                assert (status, further) == (302, "/.mirror/loop/2")
            else:
                assert status == 200
                assert (page != b"") is (method != "HEAD")
        assert ask(API_POST.path, "GET", b"")[0] == 405
        assert ask(location, "PUT", b"")[0] == 405


def ask_over(running, http):
    """Return what asks and returns status, location and body."""

    def ask(target, method, body):
        headers = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        answer = running.ask(target, *headers, method=method, body=body)
        return answer.status, answer.headers.get("Location"), answer.body

    def ask_on_stream(target, method, body):
        with Http2Wire(running.port) as wire:
            json_body = ("content-type", "application/json")
            stream = wire.request(target, json_body, method=method, ends=not body)
            if body:
                wire.h2.send_data(stream, body, end_stream=True)
            answer = wire.answer(stream)
            return answer.status, answer.headers.get("location"), answer.body

    return ask if http == "1.1" else ask_on_stream


def test_redirect_loop_never_ends(loop_factory):
    """Two addresses lead to each other."""
    with faulty("redirect-loop", loop_factory) as running, running.open() as wire:
        targets = [PAGE_2]
        for _ in range(30):
            answer = wire.ask(targets[-1])
            assert answer.status == 302
            targets.append(answer.headers["Location"])
        assert len(set(targets)) == 3


def test_addresses_of_redirects_are_no_pages_elsewhere(mirror):
    """A network without faults has no hidden pages."""
    for target in (faults.LOOP_TARGETS[0].decode(), f"{PAGE_2}&{faults.MARK}"):
        with mirror.open() as wire:
            is_known_spelling = wire.ask(target).status == 200
            assert is_known_spelling is (target != faults.LOOP_TARGETS[0].decode())


def test_block_page_says_that_all_is_well(loop_factory):
    """Status 200, HTML, no list."""
    answer = ask("block-page", loop_factory)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "禁止访问" in answer.body.decode()
    assert b"grid_view" not in answer.body


CODED = [(), (GZIP,), ("Accept-Encoding: br",), ("Accept-Encoding: zstd",)]


@pytest.mark.parametrize("header", CODED)
def test_wrong_charset_is_not_the_one_promised(loop_factory, header):
    """Headers say UTF-8; the bytes are GB18030."""
    answer = ask("wrong-charset", loop_factory, *header)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.body.decode("gb18030") == PAGE.decode()
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode("utf-8")


@pytest.mark.parametrize("header", CODED)
def test_codings_are_wrong_or_a_lie(loop_factory, header):
    """The one is a gzip that is called deflate, the other is none at all."""
    wrong = ask("wrong-coding", loop_factory, *header)
    assert wrong.headers["Content-Encoding"] == "deflate"
    assert zlib.decompress(wrong.body, 31) == PAGE
    lie = ask("lying-coding", loop_factory, *header)
    assert lie.headers["Content-Encoding"] == "gzip"
    assert lie.body == PAGE


@pytest.mark.parametrize("header", [(), pytest.param((GZIP,), marks=pytest.mark.long)])
def test_gzip_bomb_is_small_and_unpacks_to_much(loop_factory, header):
    """A right gzip stream, checksum and all."""
    answer = ask("gzip-bomb", loop_factory, *header)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.body) < 2**19
    unpacker, size = zlib.decompressobj(31), 0
    piece = unpacker.decompress(answer.body, 2**22)
    while piece:
        size += len(piece)
        piece = unpacker.decompress(unpacker.unconsumed_tail, 2**22)
    assert (size, unpacker.eof) == (faults.BOMB_BYTES, True)


def test_big_page_is_the_page_and_much_more(loop_factory):
    """10 MiB, and a right page at its head."""
    answer = ask("big-page", loop_factory, GZIP)
    assert len(answer.body) == 10 * 2**20
    assert answer.body.startswith(PAGE)
    assert "Content-Encoding" not in answer.headers


def test_header_flood_comes_before_the_page(loop_factory):
    """2,000 headers more."""
    answer = ask("header-flood", loop_factory, GZIP)
    assert len(answer.headers) > 2000
    assert answer.page == PAGE


def test_faults_of_the_first_times_let_a_retry_succeed(loop_factory):
    """The third request gets the page; a new span begins anew."""
    with faulty("503", loop_factory, times=2) as running, running.open() as wire:
        for _ in range(2):
            assert [wire.ask(PAGE_2).status for _ in range(4)] == [503, 503, 200, 200]
            running.begin("next")


def test_faults_are_the_same_in_any_mirror_of_the_seed(loop_factory):
    """Drawn by seed, epoch, page and count; each at about its rate."""

    def crawl(seed, epoch="lap"):
        network = Network(faults=(Fault("503", rate=0.2), Fault("403", rate=0.1)))
        with running_mirror(loop_factory, network, seed) as running, running.open() as wire:
            running.begin(epoch)
            statuses = [wire.ask(page).status for _ in range(30) for page in BODIES]
            counted = running.mirror.counters.faults
        assert counted == {"503": statuses.count(503), "403": statuses.count(403)}
        return statuses

    first = crawl(1)
    assert first == crawl(1)
    assert len({tuple(s) for s in (first, crawl(2), crawl(1, "next lap"))}) == 3
    assert 35 < first.count(503) < 85
    assert 12 < first.count(403) < 50


def test_span_without_the_network_has_no_faults(loop_factory):
    """As in warmups."""
    with faulty("403", loop_factory) as running, running.open() as wire:
        running.call(lambda: running.mirror.begin("warmup", plays_network=False))
        assert wire.ask(PAGE_2).page == PAGE


def test_pipelined_requests_before_a_fault_are_answered(loop_factory):
    """The fault takes its turn, and nothing comes after it."""
    with faulty("reset", loop_factory) as running, running.open() as wire:
        wire.send(request("/top250") + request(PAGE_2) + request("/top250"))
        assert wire.read().page == BODIES["/top250"]
        assert wire.is_closed()


@pytest.mark.parametrize("kind", [*ANSWER_KINDS, *DELIVERY_KINDS])
@pytest.mark.parametrize("options", [{"method": "HEAD"}, {"version": "1.0"}, {"method": "POST"}])
def test_faults_survive_every_way_to_ask(loop_factory, kind, options):
    """HEAD, HTTP/1.0 and a method that is not allowed: nothing raises in the mirror."""
    with faulty(kind, loop_factory) as running, running.open() as wire:
        wire.send(request(PAGE_2, GZIP, **options))
        wire.socket.settimeout(0.1)
        with contextlib.suppress(OSError):
            while wire.socket.recv(65_536):
                pass
        assert running.ask("/top250").status == 200


def test_flaky_goes_wrong_as_often_as_it_says():
    """One request in ten."""
    assert sum(fault.rate for fault in NETWORKS["flaky"].faults) == pytest.approx(0.1)
