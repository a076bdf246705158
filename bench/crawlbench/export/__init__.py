"""A session in the shapes that other programs read: CSV, JSON, and those of CI tools (floor 3)."""

from crawlbench.export.formats import EXPORTS, Export
from crawlbench.export.results import Results, results_of, results_schema

__all__ = ["EXPORTS", "Export", "Results", "results_of", "results_schema"]
