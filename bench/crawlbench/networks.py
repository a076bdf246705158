"""The delays of a network, as pure numbers (floor 1).

A server cannot delay the handshake of TCP. So that a new connection costs what it costs on a real
network, its round trips are added to the delay of the first response on it.
"""

from __future__ import annotations

import math
import random
from dataclasses import asdict, dataclass

from crawlbench.registry import unknown_name

__all__ = ["NETWORKS", "Network", "find_network"]


@dataclass(frozen=True, slots=True)
class Network:
    """One network that the mirror can play."""

    round_trip_s: float = 0.0
    """Mean time from a request's last byte to its response's first, without the mirror's work."""
    jitter: float = 0.0
    """Standard deviation of the logarithm of a round trip (a log-normal keeps it positive)."""
    connect_round_trips: int = 0
    """Round trips that a new connection adds to its first response."""

    def delay_s(self, key: str, *, connection_age_s: float | None) -> float:
        """Return the seconds that one response waits; the same key gives the same delay.

        Args:
            key: of the draw.
            connection_age_s: how long ago the connection was made, for the first request on it:
                that much of its handshake is over. None for a later request.
        """
        if not self.round_trip_s:
            return 0.0
        draw = random.Random(key)
        answer_s = self._trip_s(draw)
        if connection_age_s is None:
            return answer_s
        handshake_s = sum(self._trip_s(draw) for _ in range(self.connect_round_trips))
        return answer_s + max(0.0, handshake_s - connection_age_s)

    def _trip_s(self, draw: random.Random) -> float:
        """Draw one round trip; its mean is `round_trip_s`, as exp(s z - s^2 / 2) has mean 1."""
        return self.round_trip_s * math.exp(self.jitter * draw.gauss() - self.jitter**2 / 2)

    def as_numbers(self) -> dict[str, float]:
        """Return the parameters for `session.json`."""
        return asdict(self)


NETWORKS = {
    "loopback": Network(),
    "wan": Network(round_trip_s=0.040, jitter=0.1, connect_round_trips=1),
}
"""The networks by name."""


def find_network(name: str) -> Network:
    """Return the network of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in NETWORKS:
        raise unknown_name("network", name, NETWORKS)
    return NETWORKS[name]
