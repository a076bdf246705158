"""A mirror for hand use, and the page with its counters."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
import threading
from urllib.parse import urlsplit

import pytest
from tests.mirror.h2wire import Http2Wire
from tests.mirror.wire import BODIES, PATIENCE_S, Wire

from crawlbench.base.errors import MirrorError, UsageError
from crawlbench.mirror.networks import NETWORKS, Fault, Network
from crawlbench.mirror.serving import check_host, serve
from crawlbench.mirror.status import STATUS_PATH
from crawlbench.sites.douban import SITE

COUNTERS = f"{STATUS_PATH}/counters.json"


class Hand:
    """A mirror that serves from a thread, and what it told."""

    def __init__(self, network=NETWORKS["loopback"], spec=SITE, host="127.0.0.1", port=0):
        self.served, self.opened, self._is_open = [], None, threading.Event()
        self._arguments = (spec, "loopback", network, 1, host, port, self._open)
        self._thread = threading.Thread(target=self._run)

    def _open(self, opened):
        self.opened = opened
        self.port = urlsplit(opened.start).port
        self._is_open.set()

    def _run(self):
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(serve(*self._arguments, self.served.append))
        self._loop.run_until_complete(asyncio.wait([self._task]))
        self._loop.close()

    def __enter__(self):
        self._thread.start()
        assert self._is_open.wait(PATIENCE_S)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def ask(self, *args, **options):
        with Wire(self.port) as wire:
            return wire.ask(*args, **options)


def test_requests_are_told_one_by_one():
    """With method, page, status, bytes and seconds."""
    with Hand() as hand:
        assert hand.opened.start == f"http://127.0.0.1:{hand.port}/top250"
        hand.ask("/top250?start=0")
        hand.ask("/none", method="HEAD")
        hand.ask(method="DELETE")
        with Http2Wire(hand.port) as wire:
            wire.ask()
    told = [(s.method, s.page, s.status) for s in hand.served]
    assert told == [
        ("GET", "/top250", 200),
        ("HEAD", "/none", 404),
        ("DELETE", "/top250", 405),
        ("GET", "/top250", 200),
    ]
    assert hand.served[0].sent_bytes > len(BODIES["/top250"])
    assert all(0 <= served.seconds < 30 for served in hand.served)


def test_counters_are_shown_and_looking_does_not_count():
    """As JSON, by both versions, with the faults and the pages asked for most."""
    network = Network(faults=(Fault("503", times=1),))
    with Hand(network) as hand:
        for number in range(15):
            for _ in range(number):
                hand.ask(f"/{number}")
        hand.ask(), hand.ask()
        with Http2Wire(hand.port) as wire:
            wire.ask()
            answer = wire.ask(COUNTERS)
        seen = json.loads(answer.body)
        assert json.loads(hand.ask(COUNTERS).body)["requests"] == seen["requests"] == 108
        assert (seen["http2_requests"], seen["faults"]) == (1, [["503", 1]])
        assert seen["in_flight"] == 0
        assert seen["pages"] == [[f"/{number}", number] for number in range(14, 4, -1)]
    assert len(hand.served) == 108


def test_page_stands_alone_and_shows_nothing_as_markup():
    """No address but its own; names are escaped; scripts run by its nonce only."""
    spec = dataclasses.replace(SITE, name="<b>&</b>")
    with Hand(spec=spec) as hand:
        answer = hand.ask(STATUS_PATH)
        text = answer.body.decode()
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;" in text
    assert "http://" not in text
    assert "https://" not in text
    policy = answer.headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert text.count(f'nonce="{nonce}"') == text.count("nonce=") == 2
    assert policy.startswith("default-src 'none'; connect-src 'self'")


def test_root_leads_to_the_start_and_to_the_counters():
    """It is not counted; a site that is asked by POST has no link that would not work."""
    with Hand() as hand:
        text = hand.ask("/").body.decode()
        assert json.loads(hand.ask(COUNTERS).body)["requests"] == 0
        assert hand.ask(SITE.path).status == 200
    assert f'href="{SITE.path}"' in text
    assert f'href="{STATUS_PATH}"' in text
    with Hand(spec=dataclasses.replace(SITE, method="POST")) as hand:
        text = hand.ask("/").body.decode()
    assert f'href="{SITE.path}"' not in text
    assert "it takes POST requests" in text


def test_page_of_the_site_goes_first():
    """A site may have a page of that address; then the counters are not to be had."""

    class Pages:
        def find(self, address):
            return STATUS_PATH if address == STATUS_PATH else None

        def read(self, address):
            return {"Content-Type": "text/plain"}, b"mine"

    with Hand(spec=dataclasses.replace(SITE, pages=Pages)) as hand:
        assert hand.opened.status is None
        assert hand.ask(STATUS_PATH).body == b"mine"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.8.9.1", "127.8.9.1"),
        ("::1", "::1"),
        ("localhost", "127.0.0.1"),
    ],
)
def test_loopback_may_always_be_listened_on(host, address):
    """Nobody else can reach it there."""
    assert check_host(host, is_known=False) == address


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "192.168.1.5", "::ffff:10.0.0.1"])
def test_other_addresses_need_a_word(host):
    """The message says which."""
    with pytest.raises(UsageError, match="--i-know"):
        check_host(host, is_known=False)
    assert check_host(host, is_known=True)


@pytest.mark.parametrize("host", ["", "example.org", "127.0.0.1:80", "1", "127.0.0.1/8"])
def test_what_is_no_address_is_refused(host):
    """Names too: nobody knows where they lead."""
    with pytest.raises(UsageError, match="cannot be used"):
        check_host(host, is_known=True)


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [("127.0.0.1", None, "Address already in use"), ("192.0.2.1", 0, "assign requested address")],
)
def test_address_that_cannot_be_had_is_a_sentence(host, port, reason):
    """It says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] if port is None else port
        serving = serve(SITE, "loopback", NETWORKS["loopback"], 1, host, port, print, None)
        with pytest.raises(MirrorError, match=f"{reason}; choose another with --port"):
            asyncio.run(serving)


def test_tls_has_a_file_to_trust_while_it_serves():
    """And none afterwards."""
    from pathlib import Path

    with Hand(NETWORKS["loopback-tls"]) as hand:
        assert hand.opened.start.startswith("https://127.0.0.1:")
        assert Path(hand.opened.ca_file).read_text().startswith("-----BEGIN CERTIFICATE")
    assert not Path(hand.opened.ca_file).exists()
