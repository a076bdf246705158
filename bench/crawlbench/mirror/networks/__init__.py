"""What the mirror plays: delays, limits and faults (floor 2)."""

from crawlbench.mirror.networks.faults import ANSWER_KINDS, DELIVERY_KINDS, Fault
from crawlbench.mirror.networks.loader import NETWORKS, find_network, load_network
from crawlbench.mirror.networks.model import Network

__all__ = [
    "ANSWER_KINDS",
    "DELIVERY_KINDS",
    "NETWORKS",
    "Fault",
    "Network",
    "find_network",
    "load_network",
]
