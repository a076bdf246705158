"""Contestants for crawlbench, as an example."""
