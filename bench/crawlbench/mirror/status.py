"""A mirror's own pages: what it counts, and what it is (floor 2).

They exist beside the site's pages, and give way where the site has a page at the same address.
"""

from __future__ import annotations

import heapq
import json
import secrets
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader

from crawlbench.mirror.answers import Answer

if TYPE_CHECKING:
    from crawlbench.base.model import SiteSpec
    from crawlbench.mirror.server import Mirror

STATUS_PATH = "/_crawlbench"
ENTRANCE_PATH = "/"
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
# Nothing is loaded from elsewhere, and no other page may embed this one.
POLICY = (
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
)


class StatusPage:
    """Answers three addresses, as a mirror's `aside`: entrance, counters, and counters as JSON."""

    def __init__(self, mirror: Mirror, spec: SiteSpec, network: str) -> None:
        """Show a mirror's counters.

        Args:
            mirror: the mirror whose counters are shown.
            spec: its site.
            network: the name of its network.
        """
        self._mirror = mirror
        self._spec = spec
        self._names = {"site": spec.name, "network": network}
        loader = PackageLoader("crawlbench.mirror")
        self._templates = Environment(loader=loader, autoescape=True)

    def __call__(self, target: bytes) -> Answer | None:
        """Return the answer to a target that is not a page of the site; None if it is not ours."""
        path = target.partition(b"?")[0].decode("latin-1")
        if path == STATUS_PATH:
            labels = {"labels": LABELS.items(), "names": list(LABELS)}
            return self._render("status.html", **labels, counters=f"{STATUS_PATH}/counters.json")
        if path == ENTRANCE_PATH:
            return self._render_entrance()
        return self._render_counters() if path == f"{STATUS_PATH}/counters.json" else None

    def _render_entrance(self) -> Answer:
        is_free = self._mirror.responses.find_page(STATUS_PATH.encode()) is None
        return self._render(
            "entrance.html",
            start=self._spec.path,
            method=self._spec.method,
            status=STATUS_PATH if is_free else "",
        )

    def _render(self, name: str, **values: object) -> Answer:
        nonce = secrets.token_urlsafe(16)
        text = self._templates.get_template(name).render(**self._names, nonce=nonce, **values)
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
