"""How large a number of a session may be (floor 0).

JSON has neither NaN nor infinity, but numbers that become one of them as soon as something is
computed. What lies beyond these ranges was never measured: `msgspec` refuses it when it is read.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

__all__ = [
    "END",
    "Count",
    "Counted",
    "Figure",
    "LogRatio",
    "Number",
    "Part",
    "Share",
    "Span",
    "Took",
]

Number = Annotated[int, Meta(ge=1, le=10**15)]
"""Of what there is one at the least."""
Count = Annotated[int, Meta(ge=0, le=10**15)]
"""A whole number, of bytes too."""
Counted = Annotated[float, Meta(ge=0, le=1e15)]
"""A mean of such, or a rate."""
Span = Annotated[float, Meta(ge=0, le=1e9)]
"""Seconds: thirty years at the most."""
Took = Annotated[float, Meta(ge=1e-12, le=1e9)]
"""Seconds that something took, so that they can be divided by."""
LogRatio = Annotated[float, Meta(ge=-100, le=100)]
"""Of what can be measured at all: the logarithm of `Span` is far below."""
END = 600
"""Of a log ratio's interval, however wide: its exponential is still a number."""
Share = Annotated[float, Meta(ge=0, le=1e6)]
"""Of a whole; more than that where clocks are coarse."""
Part = Annotated[float, Meta(gt=0, le=1)]
"""Of a whole, and never nothing."""
Figure = Annotated[float, Meta(ge=-1e15, le=1e15)]
"""Whatever a plug-in tells."""
