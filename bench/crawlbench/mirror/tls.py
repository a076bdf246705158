"""An authority of the mirror's own and the certificate that it gives the mirror (floor 2).

A new authority for every mirror: nothing to guard, nothing that expires, nothing that a system
trusts by mistake. Its key never leaves the process.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from crawlbench.base.errors import MirrorError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HTTP_1_1", "HTTP_2", "make_server_context"]

HTTP_1_1, HTTP_2 = "http/1.1", "h2"  # names in TLS's negotiation (RFC 7301)
LOCAL_NAMES = ("127.0.0.1", "::1", "localhost")


def make_server_context(
    ca_file: Path, *, http2: bool, names: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """Return what the mirror serves TLS with, and write whom clients are to trust.

    Args:
        ca_file: where the authority's certificate goes, as PEM.
        http2: whether HTTP/2 is offered before HTTP/1.1.
        names: host names and addresses beside those of loopback.

    Raises:
        MirrorError: the file cannot be written.
    """
    import trustme  # noqa: PLC0415  (a third of a mirror's start, which plain networks do not need)

    authority = trustme.CA(organization_name="crawlbench mirror")
    certificate = authority.issue_cert(*dict.fromkeys((*LOCAL_NAMES, *names)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols([HTTP_2, HTTP_1_1] if http2 else [HTTP_1_1])
    try:
        authority.cert_pem.write_to_path(str(ca_file))
    except OSError as error:
        raise MirrorError(
            f"the mirror's certificate cannot be written to {str(ca_file)!r}: {error.strerror}"
        ) from error
    return context
