"""What can go wrong with an answer, as a network's file describes it (floor 2)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

AnswerKind = Literal[
    "403",
    "418",
    "429",
    "500",
    "503",
    "301",
    "302",
    "redirect-loop",
    "block-page",
    "wrong-charset",
    "wrong-coding",
    "lying-coding",
    "gzip-bomb",
    "big-page",
    "header-flood",
]
DeliveryKind = Literal[
    "reset", "reset-in-body", "short-body", "bad-chunk", "stall", "one-byte-a-second"
]

ANSWER_KINDS: tuple[str, ...] = get_args(AnswerKind)
"""Kinds that send another answer, complete and in time."""
DELIVERY_KINDS: tuple[str, ...] = get_args(DeliveryKind)
"""Kinds that send the right answer, but incomplete or late."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One kind of fault, and the requests that it can hit."""

    kind: Literal[AnswerKind, DeliveryKind]
    rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    """Share of the matching requests; the rates of all faults that match a request add up."""
    page: Annotated[str, msgspec.Meta(min_length=1)] = "*"
    """Glob of page addresses in the site's one spelling."""
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Hits only the first requests for a page, counted from each `begin`, so that a retry
    succeeds."""
    retry_after_s: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """What 429 and 503 ask for; by default 429 says 1 and 503 says nothing."""

    def __post_init__(self) -> None:
        """Refuse what would have no meaning."""
        if self.retry_after_s is not None and self.kind not in {"429", "503"}:
            raise ValueError(
                f"retry_after_s = {self.retry_after_s} on fault {self.kind!r}; "
                "only 429 and 503 say when to come back"
            )

    def fits(self, page: str, before: int) -> bool:
        """Return whether this fault can hit a request.

        Args:
            page: the page's address.
            before: number of requests for that page since `begin`.
        """
        return (self.times is None or before < self.times) and fnmatchcase(page, self.page)


def draw_fault(faults: Iterable[Fault], page: str, before: int, share: float) -> Fault | None:
    """Return the fault that hits a request, or None.

    Args:
        faults: the network's faults, in its order.
        page: the page's address.
        before: number of requests for that page since `begin`.
        share: drawn evenly from [0, 1); the matching faults each take their rate of it, one after
            the other, so that each has exactly the rate that it states.
    """
    for fault in faults:
        if fault.fits(page, before):
            if share < fault.rate:
                return fault
            share -= fault.rate
    return None
