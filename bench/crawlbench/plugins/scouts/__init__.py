"""What plug-ins are, found out in processes that are thrown away (floor 1).

Nobody's file is imported in the manager: it may end the process, change its folder, patch its
modules or never come to an end.
"""

from crawlbench.plugins.scouts.facts import PluginFacts, describe_plugin
from crawlbench.plugins.scouts.scout import LOAD_S, find_out
from crawlbench.plugins.scouts.slowness import too_slow

__all__ = ["LOAD_S", "PluginFacts", "describe_plugin", "find_out", "too_slow"]
