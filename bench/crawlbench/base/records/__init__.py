"""What is planned, measured and concluded: the content of `session.json` (floor 0).

All records are frozen: whenever a session goes on, a new `Session` is made. Times are float seconds
per crawl unless a name says otherwise, sizes are bytes, ratios are natural logarithms.
"""

from crawlbench.base.records.endings import Ending
from crawlbench.base.records.environment import Environment, EnvironmentFacts
from crawlbench.base.records.findings import (
    Comparison,
    Control,
    Doubt,
    DoubtSize,
    Mark,
    Obstacle,
    Quantity,
    SlotEffect,
    Summary,
    Verdict,
    WarningNote,
)
from crawlbench.base.records.longform import LongForm
from crawlbench.base.records.machine import Conditions, Machine
from crawlbench.base.records.plan import (
    Cell,
    OperationFacts,
    OwnFile,
    Plan,
    Stopping,
    Sweep,
)
from crawlbench.base.records.samples import Anchor, Failure, RoundRecord, Sample
from crawlbench.base.records.session import FORMAT, Session
from crawlbench.base.records.trace import TRACE_FORMAT, TracedRequest

__all__ = [
    "FORMAT",
    "TRACE_FORMAT",
    "Anchor",
    "Cell",
    "Comparison",
    "Conditions",
    "Control",
    "Doubt",
    "DoubtSize",
    "Ending",
    "Environment",
    "EnvironmentFacts",
    "Failure",
    "LongForm",
    "Machine",
    "Mark",
    "Obstacle",
    "OperationFacts",
    "OwnFile",
    "Plan",
    "Quantity",
    "RoundRecord",
    "Sample",
    "Session",
    "SlotEffect",
    "Stopping",
    "Summary",
    "Sweep",
    "TracedRequest",
    "Verdict",
    "WarningNote",
]
