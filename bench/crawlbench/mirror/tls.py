"""The mirror's own authority, and the certificate that it issues to the mirror (floor 2).

Every mirror has a new authority, so there is nothing to guard, nothing that expires, and nothing
that a system could trust by mistake. Its key never leaves the process.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from crawlbench.base.errors import MirrorError

if TYPE_CHECKING:
    from pathlib import Path

HTTP_1_1, HTTP_2 = "http/1.1", "h2"  # names in TLS's negotiation (RFC 7301)
LOCAL_NAMES = ("127.0.0.1", "::1", "localhost")


def make_server_context(
    ca_file: Path, *, http2: bool, names: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """Return the context that the mirror serves TLS with, and write the authority to trust.

    Args:
        ca_file: where to write the authority's certificate, as PEM.
        http2: whether to offer HTTP/2 before HTTP/1.1.
        names: host names and addresses besides those of loopback.

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
