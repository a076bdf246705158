"""The page of a mirror's own that shows what it counts (floor 2).

It stands beside the site's pages: where the site has a page of that address, it gives way.
"""

from __future__ import annotations

import heapq
import json
import secrets
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader

from crawlbench.mirror.answers import Answer

if TYPE_CHECKING:
    from crawlbench.mirror.server import Mirror

__all__ = ["STATUS_PATH", "StatusPage"]

STATUS_PATH = "/_crawlbench"
MAX_PAGES = 10
LABELS = {
    "requests": "requests",
    "http2_requests": "by HTTP/2",
    "in_flight": "in flight",
    "most_in_flight": "most in flight",
    "connections": "connections made",
    "tls_connections": "over TLS",
    "open_connections": "open now",
    "wire_bytes": "bytes sent",
}
# Nothing is loaded from anywhere else, and nobody may show the page within another.
POLICY = (
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
)


class StatusPage:
    """Answers for two addresses, as a mirror's `aside`: the page and the counts as JSON."""

    def __init__(self, mirror: Mirror, site: str, network: str) -> None:
        """Show a mirror's counters.

        Args:
            mirror: whose.
            site: name of its site.
            network: name of its network.
        """
        self._mirror = mirror
        self._names = {"site": site, "network": network}
        loader = PackageLoader("crawlbench.mirror")
        self._template = Environment(loader=loader, autoescape=True).get_template("status.html")

    def __call__(self, target: bytes) -> Answer | None:
        """Return the answer to a target that is no page of the site; None if it is none of ours."""
        path = target.partition(b"?")[0].decode("latin-1")
        if path == STATUS_PATH:
            return self._render_page()
        return self._render_counters() if path == f"{STATUS_PATH}/counters.json" else None

    def _render_page(self) -> Answer:
        nonce = secrets.token_urlsafe(16)
        text = self._template.render(
            **self._names,
            nonce=nonce,
            labels=LABELS.items(),
            names=list(LABELS),
            counters=f"{STATUS_PATH}/counters.json",
        )
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY.format(nonce=nonce),
            "X-Content-Type-Options": "nosniff",
        }
        return Answer(200, headers, text.encode(), has_length=True)

    def _render_counters(self) -> Answer:
        counters = self._mirror.counters
        counts: dict[str, object] = {
            name: getattr(counters, name) for name in LABELS if name != "open_connections"
        }
        counts["open_connections"] = len(self._mirror.connections)
        counts["faults"] = sorted(counters.faults.items())
        counts["pages"] = heapq.nlargest(
            MAX_PAGES, counters.pages.items(), key=lambda pair: pair[1]
        )
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return Answer(200, headers, json.dumps(counts).encode(), has_length=True)
