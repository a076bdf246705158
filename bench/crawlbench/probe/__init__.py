"""What each event loop supports, found by trying (floor 3)."""

from crawlbench.probe.findings import Finding, LoopFacts, Report, Support
from crawlbench.probe.prober import ProbeOptions, run_probe

__all__ = ["Finding", "LoopFacts", "ProbeOptions", "Report", "Support", "run_probe"]
