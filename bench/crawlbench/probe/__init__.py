"""What each event loop supports, found by trying (floor 3)."""

from crawlbench.probe.findings import Finding, LoopFacts, Report, Support
from crawlbench.probe.prober import ProbeOptions, Tell, probe_loops

__all__ = ["Finding", "LoopFacts", "ProbeOptions", "Report", "Support", "Tell", "probe_loops"]
