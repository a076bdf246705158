"""The whole flow of `crawlbench run` (floor 4)."""

from crawlbench.session.aa import run_aa
from crawlbench.session.flow import resume_session, run_session
from crawlbench.session.watcher import Watcher

__all__ = ["Watcher", "resume_session", "run_aa", "run_session"]
