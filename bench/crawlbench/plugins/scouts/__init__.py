"""Finds out what plug-ins are, in processes that are thrown away (floor 1).

The manager itself imports no file of a user's: such a file could end the process, change its
folder, patch its modules or never come to an end.
"""

from crawlbench.plugins.scouts.facts import PluginFacts, describe_plugin
from crawlbench.plugins.scouts.scout import LOAD_S, find_out
from crawlbench.plugins.scouts.slowness import too_slow

__all__ = ["LOAD_S", "PluginFacts", "describe_plugin", "find_out", "too_slow"]
