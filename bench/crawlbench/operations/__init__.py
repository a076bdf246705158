"""What an event loop does, one small function per operation, with peers elsewhere (floor 2)."""

from crawlbench.operations.catalogue import all_operations, find_operation, select_operations
from crawlbench.operations.contract import (
    Figures,
    Operation,
    OperationWrong,
    Peer,
    PeerError,
    PeerFields,
    PeerKind,
    Theme,
)
from crawlbench.operations.peers import PeerProcess, open_peer
from crawlbench.operations.runner import OperationResult, run_operation
from crawlbench.plugins.loops.factory import LoopFactory, load_loop_factory

__all__ = [
    "Figures",
    "LoopFactory",
    "Operation",
    "OperationResult",
    "OperationWrong",
    "Peer",
    "PeerError",
    "PeerFields",
    "PeerKind",
    "PeerProcess",
    "Theme",
    "all_operations",
    "find_operation",
    "load_loop_factory",
    "open_peer",
    "run_operation",
    "select_operations",
]
