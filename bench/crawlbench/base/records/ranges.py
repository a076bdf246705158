"""How large a number of a session may be (floor 0).

JSON has neither NaN nor infinity, but it has numbers that become one of them in a computation. What
lies beyond these ranges was never measured: `msgspec` refuses it when it is read.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Number = Annotated[int, Meta(ge=1, le=10**15)]
"""A count of something of which there is at least one."""
Count = Annotated[int, Meta(ge=0, le=10**15)]
"""A whole number, also of bytes."""
Counted = Annotated[float, Meta(ge=0, le=1e15)]
"""A mean of whole numbers, or a rate."""
Span = Annotated[float, Meta(ge=0, le=1e9)]
"""Seconds; thirty years at most."""
Took = Annotated[float, Meta(ge=1e-12, le=1e9)]
"""Seconds that something took, never 0, so that one can divide by them."""
LogRatio = Annotated[float, Meta(ge=-100, le=100)]
"""A log ratio of anything that can be measured: the logarithm of the longest `Span` is far less."""
END = 600
"""The furthest that an end of a log ratio's interval may lie: its exponential is still finite."""
Share = Annotated[float, Meta(ge=0, le=1e6)]
"""A share of a whole; above 1 where clocks are coarse."""
Part = Annotated[float, Meta(gt=0, le=1)]
"""A share of a whole, never 0."""
Sure = Annotated[float, Meta(gt=0, lt=1)]
"""A probability that is neither 0 nor 1, such as the confidence of an interval."""
Figure = Annotated[float, Meta(ge=-1e15, le=1e15)]
"""Whatever number a plug-in reports."""
