"""The TLS authorities that generators trust (floor 4)."""

from __future__ import annotations

import ssl

from crawlbench.base.errors import UsageError


def make_tls(ca_file: str | None) -> ssl.SSLContext:
    """Return the TLS settings of a client.

    Args:
        ca_file: file of the authority to trust; None for those of the system.

    Raises:
        UsageError: the file cannot be read, or has no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError too
        reason = "it has no certificate in PEM form"
        if not isinstance(error, ssl.SSLError):
            reason = error.strerror or str(error)
        raise UsageError(
            f"--ca-file {ca_file!r} cannot be used: {reason}; give the certificate of the "
            "authority that signed the server's, as PEM"
        ) from error
