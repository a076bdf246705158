"""Probes run in processes of their own: what works, what is wrong, what crashes, what hangs."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time

import pytest

from crawlbench.base.errors import UsageError
from crawlbench.operations import all_operations, run_operation
from crawlbench.probe import ProbeOptions, Support, probe_loops, servers
from crawlbench.probe.catalogue import all_tries, find_try
from crawlbench.probe.prober import DEADLINE_S
from crawlbench.probe.verdicts import NotHere

PLANTED = "tests.operations.planted"
SHORT_S = 3.0
"""Enough for a child to start, also beside other tests."""


def run_probe(options, tell=lambda *_: None):
    """Return the report of a probe."""
    return asyncio.run(probe_loops(options, tell))


def probe(loop, *probes, deadline_s=DEADLINE_S):
    """Return support and reason by probe, for a planted loop or a name."""
    name = f"{PLANTED}:{loop}" if loop[0].isupper() else loop
    report = run_probe(ProbeOptions((name,), probes, deadline_s))
    assert [finding.probe for finding in report.findings] == list(probes)
    return {finding.probe: (finding.support, finding.reason) for finding in report.findings}


def test_there_is_a_probe_for_each_operation_and_the_features_of_the_issue():
    """Variants of size are left out; names are unique."""
    names = [operation.name for operation in all_tries()]
    assert len(set(names)) == len(names)
    assert {o.name for o in all_operations() if not o.is_variant} <= set(names)
    wanted = [
        "set-debug",
        "debug-slow-callbacks",
        "eager-start",
        "eager-tasks",
        "contextvars-callbacks",
        "exception-handler",
        "shutdown-asyncgens",
        "free-threading",
        "sendfile",
        "udp-sock",
        "unix-datagram",
        "signals",
    ]
    assert not set(wanted) - set(names)


def test_stock_loop_works():
    """One of each kind, and a report that says what the loop is."""
    report = run_probe(ProbeOptions(("asyncio",), ("starts", "keyboard-interrupt", "sendfile")))
    assert [finding.support for finding in report.findings] == [Support.WORKS] * 3
    assert all(0 < finding.seconds < DEADLINE_S for finding in report.findings)
    (loop,) = report.loops
    assert loop.type.startswith("asyncio.")
    assert loop.version.startswith("Python 3.")


@pytest.mark.long
def test_stock_loop_does_all_that_this_python_has():
    """The referee's own check: what the stock loop fails, the probe has wrong."""
    report = run_probe(ProbeOptions(("asyncio",)))
    failed = {
        finding.probe: finding.reason
        for finding in report.findings
        if finding.support not in {Support.WORKS, Support.NOT_HERE}
    }
    assert not failed


def test_what_uvloop_lacks_is_not_implemented():
    """Not wrong, not a crash, and not slow."""
    pytest.importorskip("uvloop")
    found = probe("uvloop", "gather", "sendfile", "sock-sendfile")
    assert found["gather"] == (Support.WORKS, "")
    if found["sendfile"][0] is not Support.WORKS:  # uvloop 0.23 has none
        assert found["sendfile"] == (
            Support.NOT_IMPLEMENTED,
            "NotImplementedError in sendfile",
        )


def test_loop_that_drops_callbacks_is_wrong():
    """Though it also hangs, for want of a callback, when it is closed."""
    found = probe("DroppingLoop", "call-soon", "call-soon-arguments", "gather", deadline_s=SHORT_S)
    assert found["call-soon"] == (Support.WRONG, "callbacks run: 146 instead of 160")
    assert found["call-soon-arguments"][0] is Support.WRONG
    assert found["gather"][0] in {Support.WRONG, Support.HANGS}


def test_loop_that_fires_early_is_wrong():
    """The reason says by how much; while others have the CPU, it may come late for all that."""
    names = {"sleep-10ms", "timers-fire"}
    wrong = {}
    for _ in range(8):
        found = probe("EarlyLoop", *sorted(names - wrong.keys()), "gather")
        assert found.pop("gather")[0] is Support.WORKS
        wrong |= {name: why for name, (how, why) in found.items() if how is Support.WRONG}
        if wrong.keys() == names:
            break
    assert wrong.keys() == names
    assert all(reason.startswith("a timer fired ") for reason in wrong.values())


def test_loop_that_echoes_stale_bytes_is_wrong():
    """By transports, streams and sockets."""
    names = ("tcp-protocol-1k", "tcp-streams-1k", "tcp-sock-1k")
    for support, reason in probe("StaleLoop", *names).values():
        assert support is Support.WRONG
        assert reason.startswith("echo 1: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
def test_loop_that_forgets_contexts_and_processes_is_wrong():
    """Of a signal handler, and where a program is not there; the stock loop forgets neither."""
    names = ("contextvars-readers", "subprocess-missing")
    found = probe("ForgetfulLoop", *names)
    assert found[names[0]] == (
        Support.WRONG,
        "context of the signal handler: 'none' instead of 'second'",
    )
    assert found[names[1]] == (Support.WRONG, "a process is left: True instead of False")
    assert set(probe("asyncio", *names).values()) == {(Support.WORKS, "")}


def test_probe_in_the_background_has_its_ctrl_c():
    """Shells have it ignored there, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        found = probe("asyncio", "keyboard-interrupt")
    finally:
        signal.signal(signal.SIGINT, before)
    assert found == {"keyboard-interrupt": (Support.WORKS, "")}


def test_address_that_the_machine_lacks_is_no_fault_of_the_loop(monkeypatch):
    """macOS has 127.0.0.1 alone."""
    monkeypatch.setattr(servers, "OWN", "192.0.2.1")  # nobody's
    with pytest.raises(NotHere, match=r"this machine has no address 192\.0\.2\.1: "):
        run_operation(find_try("local-address"), asyncio.SelectorEventLoop, None, n=1)


def test_loop_that_crashes_costs_only_that_probe():
    """An exit code, or a signal by name, and the last words."""
    found = probe("ExitingLoop", "accept", "gather")
    assert found["accept"] == (Support.CRASHES, "ended with exit code 3")
    assert found["gather"][0] is Support.WORKS
    found = probe("SegfaultingLoop", "tcp-sock-1k", "gather")
    assert found["gather"][0] is Support.WORKS
    support, reason = found["tcp-sock-1k"]
    assert support is Support.CRASHES
    assert reason == "killed by SIGSEGV: Fatal Python error: Segmentation fault"


def test_loop_that_hangs_in_one_place_costs_a_deadline():
    """The others go on meanwhile."""
    start = time.monotonic()
    names = ("getaddrinfo-literal", "getaddrinfo-local", "gather")
    found = probe("HangingInLookups", *names, deadline_s=SHORT_S)
    assert time.monotonic() - start < 3 * SHORT_S
    assert found["gather"][0] is Support.WORKS
    assert found["getaddrinfo-local"] == (Support.HANGS, "no end within 3 s")


def test_loop_that_hangs_at_once_is_asked_nothing_else():
    """All its probes hang, for the price of one."""
    start = time.monotonic()
    found = probe("HangingLoop", "starts", "gather", "tcp-sock-1k", "futures", deadline_s=SHORT_S)
    assert time.monotonic() - start < 2 * SHORT_S + 3
    assert {support for support, _ in found.values()} == {Support.HANGS}
    assert found["futures"][1] == "not tried: starts hangs, no end within 3 s"


def test_loop_that_dies_at_once_is_asked_nothing_else():
    """As above, with the signal's name."""
    found = probe("CrashingLoop", "starts", "gather")
    assert {support for support, _ in found.values()} == {Support.CRASHES}
    assert found["starts"][1] == "killed by SIGABRT: Fatal Python error: Aborted"


def test_loop_that_cannot_be_closed_hangs_after_its_work():
    """The reason tells the two apart."""
    found = probe("HangingAtClose", "gather", deadline_s=SHORT_S)
    reason = "not tried: starts hangs, its work is done, but then no end within 3 s"
    assert found["gather"] == (Support.HANGS, reason)


def test_loop_without_sockets_says_so():
    """In its own words."""
    found = probe("DeafLoop", "tcp-sock-1k", "sock-connect")
    assert set(found.values()) == {
        (Support.NOT_IMPLEMENTED, "NotImplementedError: no sockets here")
    }


@pytest.mark.parametrize(
    ("loop", "sentence"),
    [
        pytest.param("no_loop", "its factory returned a str", marks=pytest.mark.long),
        ("failing_factory", "this Python is too old"),
    ],
)
def test_named_loop_that_is_none_is_a_mistake(loop, sentence):
    """One sentence, found in a child, since a bad factory may do anything."""
    with pytest.raises(UsageError, match=sentence):
        run_probe(ProbeOptions((f"{PLANTED}:{loop}",), ("gather",)))


def test_loop_that_nobody_named_is_only_absent():
    """The default is all loops, installed or not."""
    loops = ("asyncio", f"{PLANTED}:failing_factory")
    report = run_probe(ProbeOptions(loops, ("gather",), are_named=False))
    assert [finding.loop for finding in report.findings] == ["asyncio"]
    assert "too old" in report.loops[1].absent


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Return a function that makes a loop by what its module does, and one that counts imports."""
    note = tmp_path / "note"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(code):
        lines = (f"open({str(note)!r}, 'a').write('x')", code)
        modules = "import asyncio, os, signal, tempfile, threading, time"
        (tmp_path / "strange_loop.py").write_text("\n".join((modules, *lines)))
        return "strange_loop:asyncio.SelectorEventLoop"

    return make, lambda: note.stat().st_size if note.exists() else 0


NAMES = ("gather", "futures", "call-soon")


def test_loop_is_imported_once_for_all_its_tries(imported):
    """And once before, to see whether it starts at all; what is found is the same."""
    make, count = imported
    found = probe(make(""), *NAMES)
    assert set(found.values()) == {(Support.WORKS, "")}
    assert count() == 2


@pytest.mark.parametrize(
    "code",
    [
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        pytest.param("file = tempfile.TemporaryFile()", marks=pytest.mark.long),
    ],
)
def test_loop_whose_import_leaves_something_is_imported_for_each_try(imported, code):
    """Forks would share it; so each has its own."""
    make, count = imported
    found = probe(make(code), *NAMES)
    assert set(found.values()) == {(Support.WORKS, "")}
    assert count() == 2 + len(NAMES)


@pytest.mark.parametrize(
    ("code", "support", "reason"),
    [
        pytest.param(
            *("os.abort()", Support.CRASHES, "killed by SIGABRT: Fatal Python error: Aborted"),
            marks=pytest.mark.long,
        ),
        ("os._exit(5)", Support.CRASHES, "ended with exit code 5"),
        ("time.sleep(60)", Support.HANGS, "no end within 1 s"),
    ],
)
def test_loop_whose_import_does_not_end_well_is_asked_nothing_else(imported, code, support, reason):
    """It is no mistake of the user's, but what was found."""
    make, count = imported
    deadline_s = 1.0 if support is Support.HANGS else DEADLINE_S
    found = probe(make(code), "gather", deadline_s=deadline_s)
    assert found == {"gather": (support, f"not tried: starts {support}, {reason}")}
    assert count() <= 1


def test_loop_whose_import_fails_is_a_mistake_if_it_was_named(imported):
    """In a sentence, whatever it raises."""
    make, _ = imported
    with pytest.raises(UsageError, match="cannot be imported: ZeroDivisionError"):
        probe(make("1 / 0"), "gather")


KILLING = """
class Killing(asyncio.SelectorEventLoop):
    def call_at(self, *arguments, **options):
        if not open(f"/proc/{os.getppid()}/cmdline").read().endswith("Killing\\0"):
            return super().call_at(*arguments, **options)
        os.kill(os.getppid(), signal.SIGKILL)  # what it was forked from has no job
        time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_loop_that_kills_what_it_was_forked_from_is_tried_alone(imported):
    """The others go on without."""
    make, count = imported
    make(KILLING)
    found = probe("strange_loop:Killing", "sleep-10ms", *NAMES)
    assert set(found.values()) == {(Support.WORKS, "")}
    assert count() > 2


def test_findings_are_told_as_they_come_and_loops_get_on_together():
    """How many there are, and how many there will be; what is absent does not count."""
    told = []
    loops = ("asyncio", "asyncio-select", f"{PLANTED}:failing_factory")
    options = ProbeOptions(loops, NAMES, are_named=False)
    report = run_probe(options, lambda *one: told.append(one))
    assert {finding for finding, _, _ in told} == set(report.findings)
    assert [done for _, done, _ in told] == list(range(1, 7))
    assert told[-1][2] == 6
    assert report.missing == 0


def test_command_prints_a_table_and_json(crawlbench):
    """For people and for scripts."""
    outcome = crawlbench("probe", "-l", "asyncio", "-p", "gather", "--json")
    report = json.loads(outcome.stdout)
    assert outcome.returncode == 0, outcome.stderr
    assert [finding["support"] for finding in report["findings"]] == ["works"]
    outcome = crawlbench("probe", "-l", "asyncio", "-p", "gath*")
    assert outcome.stdout.splitlines()[0].split() == ["tasks", "asyncio"]
    assert all(len(line) <= 80 for line in outcome.stdout.splitlines())


@pytest.mark.parametrize(
    ("output_format", "start"),
    [
        ("markdown", "### tasks\n\n| probe | asyncio |"),
        pytest.param("html", "<!do", marks=pytest.mark.long),
    ],
)
def test_command_prints_markdown_and_html(crawlbench, output_format, start):
    """For step summaries and for browsers."""
    outcome = crawlbench("probe", "-l", "asyncio", "-p", "gather", "--format", output_format)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith(start)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-l", "uvlop"), "unknown event loop 'uvlop' (did you mean 'uvloop'?)"),
        (("-l", "nothing_here:new", "-p", "gather"), "needs the module 'nothing_here'"),
        (("-l", "os:getcwd", "-p", "gather"), "its factory returned a str, not an asyncio event"),
        (("-p", "gathr"), "unknown probe 'gathr' (did you mean 'gather'?)"),
        (("--deadline", "0"), "--deadline 0.0 cannot be used: give a number above 0"),
        (("--deadline", "inf"), "--deadline inf cannot be used: give a number above 0"),
    ],
)
def test_mistakes_are_one_sentence(crawlbench, arguments, sentence):
    """On standard error, with exit code 2."""
    outcome = crawlbench("probe", *arguments)
    assert outcome.returncode == 2
    assert sentence in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
