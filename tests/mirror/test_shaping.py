"""A line carries what it states, however late timers ring; the clock is played."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from crawlbench.base.counters import Counters
from crawlbench.mirror import outbox, streams
from crawlbench.mirror.answers import Answer
from crawlbench.mirror.delivery import Wire
from crawlbench.mirror.networks import Network
from crawlbench.mirror.outbox import Exchange, Outbox
from crawlbench.mirror.replies import Reply
from crawlbench.mirror.shaping import Line, piece_bytes
from crawlbench.mirror.streams import Streams

RATE = 1_000_000.0
LATE_S = 0.0015
BODY = b"x" * 100_000


class LateClock:
    """Rings each timer a moment after its time."""

    def __init__(self, monkeypatch):
        self.now = 10.0
        self._timers = []
        for module in (outbox, streams):
            monkeypatch.setattr(module, "now", lambda: self.now)

    def call_at(self, due, callback):
        timer = SimpleNamespace(due=due, callback=callback)
        timer.cancel = lambda: self._timers.remove(timer)
        self._timers.append(timer)
        return timer

    def run(self):
        while self._timers:
            timer = min(self._timers, key=lambda one: one.due)
            self._timers.remove(timer)
            self.now = max(self.now, timer.due + LATE_S)
            timer.callback()


class Sink:
    """Takes everything, as a transport and as HTTP/2's state."""

    max_outbound_frame_size = 16_384

    def __init__(self):
        self.window = 2**20
        self.heads = 0

    def write(self, data):
        pass

    def is_closing(self):
        return False

    def local_flow_control_window(self, stream):
        return self.window

    def send_headers(self, stream, head, end_stream):
        self.heads += 1

    def send_data(self, stream, data, end_stream):
        pass

    def data_to_send(self):
        return b""


@pytest.fixture
def clock(monkeypatch):
    return LateClock(monkeypatch)


def make_mirror(clock, **rates):
    network = Network(**rates)
    line = Line(network.total_bytes_per_s) if network.total_bytes_per_s else None
    return SimpleNamespace(
        clock=clock, network=network, line=line, plays_network=True, watch=lambda exchange: None
    )


def make_exchange(wire, due):
    counters = Counters()
    counters.arrived("/")
    return Exchange(None, "/", wire, counters, 10.0, due)


EACH_LINE = [{"connection_bytes_per_s": RATE}, {"total_bytes_per_s": RATE}]


@pytest.mark.parametrize("rates", EACH_LINE)
def test_late_timers_do_not_slow_a_line_down(clock, rates):
    """Two answers after a round trip take what their bytes take, and one moment more."""
    box = Outbox(make_mirror(clock, **rates), Sink(), lambda: None)
    exchanges = [make_exchange(Wire(BODY), due=10.04) for _ in range(2)]
    for exchange in exchanges:
        box.put(exchange)
    clock.run()
    ends = [exchange.last_byte - 10.04 for exchange in exchanges]
    assert ends == pytest.approx([0.1 + LATE_S, 0.2 + LATE_S])


def test_client_that_reads_again_gets_no_burst(clock):
    """What the line could have carried meanwhile is not made up for, but for a piece under way."""
    box = Outbox(make_mirror(clock, connection_bytes_per_s=RATE), Sink(), lambda: None)
    exchange = make_exchange(Wire(BODY), due=10.0)
    box.put(exchange)
    box.pause()
    clock.run()
    assert exchange.last_byte is None
    clock.now = 12.0
    box.resume()
    clock.run()
    rest_s = (len(BODY) - piece_bytes(RATE)) / RATE
    assert exchange.last_byte - 12.0 == pytest.approx(rest_s, abs=3 * LATE_S)


@pytest.mark.parametrize("rates", EACH_LINE)
def test_client_that_stops_and_reads_on_at_once_takes_no_longer(clock, rates):
    """A piece is on the line once, however often the client pauses meanwhile."""
    box = Outbox(make_mirror(clock, **rates), Sink(), lambda: None)
    exchange = make_exchange(Wire(BODY), due=10.0)
    box.put(exchange)
    for _ in range(20):
        box.pause()
        box.resume()
    clock.run()
    assert exchange.last_byte - 10.0 == pytest.approx(len(BODY) / RATE, abs=3 * LATE_S)


def make_streams(clock, sink, done, **rates):
    door = SimpleNamespace(counters=Counters())
    return Streams(make_mirror(clock, **rates), door, sink, sink, done.append)


def make_reply(stream, body=BODY, due=10.04):
    answer = Answer(200, {"X": "y" * 9_989}, body)  # a head of 10,000 bytes
    return Reply(stream, answer, make_exchange(Wire(b""), due), is_head=False)


@pytest.mark.parametrize("rates", EACH_LINE)
def test_late_timers_do_not_slow_streams_down(clock, rates):
    """Heads count on each line, as they do over HTTP/1.1."""
    done = []
    all_of_them = make_streams(clock, Sink(), done, **rates)
    replies = [make_reply(stream) for stream in (1, 3)]
    for reply in replies:
        all_of_them.put(reply)
    clock.run()
    assert len(done) == 2
    assert max(one.exchange.last_byte for one in done) - 10.04 == pytest.approx(0.22 + LATE_S)


@pytest.mark.parametrize("rates", EACH_LINE)
def test_heads_pass_the_line_also_while_windows_are_shut(clock, rates):
    """Only bodies wait for the window, and then they are not sent in a burst."""
    sink, done = Sink(), []
    sink.window = 0
    all_of_them = make_streams(clock, sink, done, **rates)
    replies = [make_reply(stream) for stream in (1, 3)]
    for reply in replies:
        all_of_them.put(reply)
    clock.run()
    assert sink.heads == 2
    assert max(one.exchange.first_byte for one in replies) - 10.04 >= 0.02
    sink.window, clock.now = 2**20, 12.0
    all_of_them.unblock(0)
    all_of_them.go_on()
    clock.run()
    assert len(done) == 2
    assert max(one.exchange.last_byte for one in done) - 12.0 == pytest.approx(0.2 + LATE_S)
