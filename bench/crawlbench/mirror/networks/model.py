"""A network: delays, limits and faults, as pure numbers (floor 2).

A server cannot delay the handshakes of TCP and TLS. So that a new connection costs what it costs on
a real network, their round trips are added to the delay of the first response on it.
"""

from __future__ import annotations

import math
import random
import zlib
from statistics import NormalDist, fmean
from typing import Annotated, Literal

import msgspec

from crawlbench.mirror.networks.faults import Fault, draw_fault
from crawlbench.mirror.networks.strata import draw_share

LONGEST_S = 3600.0
MAX_SAMPLES = 100_000
STANDARD = NormalDist()

Seconds = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_S)]
PositiveSeconds = Annotated[float, msgspec.Meta(gt=0, le=LONGEST_S)]
Rate = Annotated[float, msgspec.Meta(ge=1, le=1e12)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A network that the mirror can play."""

    about: str = ""
    """One line to help people choose."""
    round_trip_s: Seconds = 0.0
    """Mean time from a request's last byte to its response's first, without the mirror's work."""
    distribution: Literal["constant", "normal", "log-normal", "samples"] | None = None
    """Distribution of round trips; None means log-normal, or `samples` if there are some."""
    jitter: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    """Log-normal: standard deviation of the logarithm. Normal: standard deviation over the mean."""
    samples: Annotated[tuple[PositiveSeconds, ...], msgspec.Meta(max_length=MAX_SAMPLES)] = ()
    """Round trips in seconds to draw from, in rising order; a network's file can name a file of
    them."""
    connect_round_trips: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    """Round trips that a new connection adds to its first response: 1 for TCP, 2 with TLS."""
    connection_bytes_per_s: Rate | None = None
    """Bandwidth of each connection, from the mirror to the client."""
    total_bytes_per_s: Rate | None = None
    """Bandwidth of all connections together."""
    most_connections: Count | None = None
    """Accepted at a time; others wait in the listener's backlog until one closes."""
    keep_alive: bool = True
    """Whether a connection serves more than one request."""
    keep_alive_requests: Count | None = None
    """After this many requests a connection is closed."""
    keep_alive_s: PositiveSeconds = 30.0
    """After this long without a request a connection is closed."""
    tls: bool = False
    """Whether the mirror speaks TLS."""
    http2: bool = False
    """Whether the mirror offers HTTP/2."""
    faults: tuple[Fault, ...] = ()
    """The first one that matches and is drawn hits a request."""

    def __post_init__(self) -> None:
        """Refuse what would have no meaning; give samples their mean."""
        if self.samples:
            self._check_samples()
            # Reports look there for the mean, whatever is drawn from.
            msgspec.structs.force_setattr(self, "round_trip_s", fmean(self.samples))
            # Sorted, so that a share picks a quantile, and shares from all strata give all of them.
            msgspec.structs.force_setattr(self, "samples", tuple(sorted(self.samples)))
        elif self.distribution == "samples":
            raise ValueError("distribution = 'samples' without samples; name a file of them")
        if self.distribution == "constant" and self.jitter:
            raise ValueError(
                f"jitter = {self.jitter:g} with distribution = 'constant'; "
                "leave it out, or choose 'normal' or 'log-normal'"
            )
        if not self.keep_alive and self.keep_alive_requests:
            raise ValueError(
                f"keep_alive_requests = {self.keep_alive_requests} with keep_alive = false; "
                "leave one of them out"
            )
        if self.http2 and not self.tls:
            raise ValueError(
                "http2 = true without TLS, with which clients negotiate it; set tls = true"
            )
        # Only what can hit every request is sure to add up. 1e-9 forgives how floats are rounded.
        total = sum(fault.rate for fault in self.faults if fault.page == "*" and not fault.times)
        if total > 1 + 1e-9:
            raise ValueError(f"the rates of faults add up to {total:g}; 1 is all requests")

    def _check_samples(self) -> None:
        if self.distribution not in {None, "samples"} or self.jitter:
            raise ValueError(
                "samples together with another distribution or jitter; samples are drawn as they "
                "are, so leave the others out"
            )
        if self.round_trip_s and not math.isclose(self.round_trip_s, fmean(self.samples)):
            raise ValueError(
                f"round_trip_s = {self.round_trip_s:g} together with samples, whose mean is "
                f"{fmean(self.samples):g}; leave it out"
            )

    @property
    def changes_delivery(self) -> bool:
        """Whether some answers are delayed, sent in part, or end their connection."""
        return bool(
            self.round_trip_s
            or self.faults
            or self.connection_bytes_per_s
            or self.total_bytes_per_s
            or self.keep_alive_requests
            or not self.keep_alive
        )

    def delay_s(
        self, key: str, *, connection_age_s: float | None, lap: int = 0, laps: int = 1
    ) -> float:
        """Return the seconds that one response waits; the same arguments give the same delay.

        Args:
            key: names the draw, so that equal keys give equal delays.
            connection_age_s: how long ago the connection was made, for its first request: that much
                of the handshake is over. None for later requests.
            lap: number of the lap within the round, from 0.
            laps: number of laps over which the draws of a key are spread evenly.
        """
        if not self.round_trip_s:
            return 0.0
        if not (self.jitter or self.samples):
            trips = self.connect_round_trips if connection_age_s is not None else 0
            late_s = connection_age_s or 0.0
            return self.round_trip_s + max(0.0, trips * self.round_trip_s - late_s)
        answer_s = self._trip_s(draw_share(key, lap, laps))
        if connection_age_s is None:
            return answer_s
        handshake_s = sum(
            # Each trip has a draw of its own: by a single one, handshakes would vary too much.
            self._trip_s(draw_share(f"{key}/handshake {trip}", lap, laps))
            for trip in range(self.connect_round_trips)
        )
        return answer_s + max(0.0, handshake_s - connection_age_s)

    def _trip_s(self, share: float) -> float:
        """Return the round trip below which this share of all round trips lies.

        Their mean is `round_trip_s`, because exp(s z - s^2 / 2) has mean 1.
        """
        if self.samples:
            return self.samples[int(share * len(self.samples))]
        deviations = STANDARD.inv_cdf(share)
        if self.distribution == "normal":
            return max(0.0, self.round_trip_s * (1 + self.jitter * deviations))
        return self.round_trip_s * math.exp(self.jitter * deviations - self.jitter**2 / 2)

    def fault(self, key: str, page: str, before: int) -> Fault | None:
        """Return the fault that hits a request, or None; the same key gives the same.

        Args:
            key: names the draw.
            page: the page's address.
            before: number of requests for that page since `begin`.
        """
        if not self.faults:
            return None
        return draw_fault(self.faults, page, before, random.Random(key).random())

    def as_numbers(self) -> dict[str, float]:
        """Return what is played, for `session.json`: two networks with equal numbers are equal.

        `round_trip_s` (seconds), `jitter` and `connect_round_trips` are always included, others
        only where they differ from the default. What is not a number appears as its checksum.
        """
        numbers: dict[str, float] = {
            "round_trip_s": self.round_trip_s,
            "jitter": self.jitter,
            "connect_round_trips": self.connect_round_trips,
        }
        for name, value in msgspec.to_builtins(self).items():
            if isinstance(value, (bool, int, float)):
                numbers[name] = float(value) if isinstance(value, bool) else value
            elif name not in {"about", "faults"}:
                numbers[f"{name}_crc32"] = zlib.crc32(repr(value).encode())
        for at, fault in enumerate(self.faults, 1):
            numbers[f"fault {at}: {fault.kind} on {fault.page}"] = fault.rate
            if fault.times:
                numbers[f"fault {at}: times"] = fault.times
            if fault.retry_after_s is not None:
                numbers[f"fault {at}: retry_after_s"] = fault.retry_after_s
        return numbers
