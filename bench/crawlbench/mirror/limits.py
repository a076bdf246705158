"""Limits against clients that are broken or hostile, far above what a crawler sends (floor 2)."""

from __future__ import annotations

from typing import Final

__all__ = ["MAX_BODY_BYTES", "MAX_HEAD_BYTES", "MAX_TARGET_BYTES", "REFUSALS"]

MAX_HEAD_BYTES: Final = 65_536  # of a head; of what comes with a body and is none, as a trailer
MAX_TARGET_BYTES: Final = 8_192
MAX_BODY_BYTES: Final = 1_048_576

REFUSALS: Final = {
    400: "this is no well-formed request of HTTP/1.1 with exactly one valid Host header",
    413: f"the body is longer than {MAX_BODY_BYTES:,} bytes",
    414: f"the target is longer than {MAX_TARGET_BYTES:,} bytes",
    417: "the only expectation that can be met is 100-continue",
    431: f"the head, or a trailer, is longer than {MAX_HEAD_BYTES:,} bytes",
    505: "HTTP/1.0 and HTTP/1.1 are spoken here, and HTTP/2 after its own preface",
}
"""What is said of a request that is refused, by status, where there is nothing closer to say."""
