"""A session whose cells meet faults: each is marked with what came of it, the others go on."""

from __future__ import annotations

import pytest

from crawlbench.base.records import Verdict
from crawlbench.measure.store import load_session

pytestmark = pytest.mark.slow

REASONS = {
    "503": "raised HTTPError: 503 Server Error",
    "reset-in-body": "raised ChunkedEncodingError: ",
    "block-page": "raised BlockedPageError: ",
    "wrong-charset": "wrong answer: rank 1 has title",
    "stall": "hung: a value took more than 3 s",
}
FOLLOWED = "302"
"""What every client rides over, at the cost of one request more for each."""


ALWAYS = ("503", "stall")
"""One that raises and one that hangs; the others only in `make test-all`. Answers that are wrong
`test_session.py` has, and `check/test_matrix.py` by a fault."""


@pytest.fixture(scope="module")
def met(request, tmp_path_factory, call_in):
    """Return the outcome and the session of one strategy on a good network and on faulty ones."""
    folder = tmp_path_factory.mktemp("faults")
    networks = ["-n", "loopback"]
    chosen = [item for item in request.session.items if item.path == request.path]
    kinds = {item.callspec.params["kind"] for item in chosen if hasattr(item, "callspec")}
    for kind in (*sorted(kinds), FOLLOWED):
        path = folder / f"{kind}.toml"
        path.write_text(f'[[faults]]\nkind = "{kind}"\n', encoding="utf-8")
        networks += ["-n", f"./{path.name}"]
    outcome = call_in(
        folder,
        *("run", "quick", "-s", "requests-serial", "--rounds", 2, "--timeout", 3, *networks),
        *("--laps", 1, "--min-time", 0.005, "--budget", 600, "--site", "douban-x1"),
        *("-o", folder / "session"),
    )
    return outcome, load_session(folder / "session")


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=() if k in ALWAYS else pytest.mark.long) for k in REASONS]
)
def test_cell_that_meets_a_fault_is_marked_with_it(met, kind):
    """Raised, wrong, too many requests or hung: each says which, and none is timed."""
    _, session = met
    failures = [f for f in session.failures if f"{kind}.toml" in f.cell]
    assert failures
    assert all(REASONS[kind] in failure.reason for failure in failures)
    assert not [s for s in session.summaries if f"{kind}.toml" in s.cell]
    verdicts = {c.verdict for c in session.against_baseline() if f"{kind}.toml" in c.cell}
    assert verdicts <= {Verdict.INVALID}


def test_the_others_go_on(met):
    """Cells on the good network have all their values; the exit code says that some are invalid."""
    outcome, session = met
    assert outcome.returncode == 4, outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert len(session.rounds) == 2
    assert {summary.cell.split("/")[0] for summary in session.summaries} == {"requests-serial"}
    good = ("loopback", f"{FOLLOWED}.toml")
    assert all(any(name in summary.cell for name in good) for summary in session.summaries)
    requests = {
        sample.requests / sample.loops
        for sample in session.rounds[0].samples
        if FOLLOWED in sample.cell and not sample.warmup
    }
    assert requests == {2.0}
