"""Documents cannot lie: what they quote is made, what they name exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from crawlbench.measure.suite import suite_names
from crawlbench.mirror.networks import NETWORKS
from crawlbench.plugins import registry

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TEXT = {path: path.read_text(encoding="utf-8") for path in DOCUMENTS}
EVERYTHING = "\n".join(TEXT.values())
CALL = re.compile(
    r"(?:^|[`\s])crawlbench "
    r"((?:run|sweep|report|list|crawl|check|probe|mirror|doctor|compare|aa|ab|env|load|history)\b"
    r"[^`\n#|]*)"
)


def calls():
    for path, text in TEXT.items():
        for block in re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL):
            if "Usage: " not in block:
                yield from ((path.name, call.strip()) for call in CALL.findall(block))


def test_made_documents_are_up_to_date():
    """`make docs` would change nothing."""
    call = [sys.executable, "docs/make.py", "--check"]
    outcome = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_make_targets_that_documents_name_exist():
    """Nobody types a target that is not there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    there = set(re.findall(r"(?m)^([a-z -]+):", makefile))
    named = set(re.findall(r"(?m)(?:`|^)make ([a-z-]+)", EVERYTHING))
    assert named
    assert named <= {target for targets in there for target in targets.split()}


def unknown_options(call, sections):
    """Return the options of a call that the help of its command does not show."""
    command = " ".join(word for word in call.split()[:2] if word.isalpha() and word != "quick")
    section = sections.get(f"crawlbench {command}") or sections[f"crawlbench {call.split()[0]}"]
    options = re.findall(r"(?<=\s)-{1,2}[a-z][a-z-]*", call)
    return [one for one in options if not re.search(rf"(?<![\w-]){one}(?![\w-])", section)]


def test_options_of_quoted_calls_exist():
    """Each option of a call in a code block is one that the command's help shows."""
    reference = TEXT[ROOT / "docs" / "cli.md"]
    sections = dict(part.partition("\n")[::2] for part in reference.split("\n## "))
    quoted = sorted(set(calls()))
    assert len(quoted) > 40
    found = {(name, call): unknown_options(call, sections) for name, call in quoted}
    assert {place: options for place, options in found.items() if options} == {}
    assert unknown_options("run quick --no-such-option -s x", sections) == ["--no-such-option"]


def test_every_plugin_network_and_suite_is_named_in_the_documents():
    """What can be chosen can be read about."""
    ours = [
        point.name
        for kind in registry.Kind
        for point in registry._points(kind).values()
        if point.value.startswith(("crawlbench.", "asyncio:", "uvloop:"))
    ]
    prose = "\n".join(text for path, text in TEXT.items() if path.name != "CHANGELOG.md")
    for name in [*ours, *NETWORKS, *suite_names()]:
        assert f"`{name}`" in prose, name


def test_links_to_files_lead_somewhere():
    """A relative link names a file that is there."""
    links = [
        (path, target)
        for path in DOCUMENTS
        for target in re.findall(r"\]\(([^)#\s]+)\)", TEXT[path])
        if "://" not in target
    ]
    assert links
    lost = [(path.name, target) for path, target in links if not (path.parent / target).exists()]
    assert lost == []


BLOCK = re.compile(
    r"<!-- ([^>]*?)(?:: begin |: made by [^>]*)-->(.*?)<!-- (?:end of )?\1", re.DOTALL
)
DAY = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b|\b(\d{1,2}) (November|December) (20\d\d)\b")
MONTHS = {"November": 11, "December": 12}


def days(text):
    """Return the days that a text names."""
    return [
        (int(y), int(m), int(d)) if y else (int(year), MONTHS[month], int(day))
        for y, m, d, day, month, year in DAY.findall(text)
    ]


def find_stale(text):
    """Yield the days of which a section speaks above figures that are newer than they."""
    for found in BLOCK.finditer(text):
        section = text[: found.start()].rpartition("\n## ")[2]
        newest = max(days(found[2]), default=(0, 0, 0))
        yield from (day for day in days(section) if day < newest)


def test_nothing_above_figures_that_are_made_says_that_they_are_older():
    """A sentence that stands by hand is forgotten when the figures are measured anew."""
    blocks = {path.name: len(BLOCK.findall(text)) for path, text in TEXT.items()}
    assert {"README.md", "loops.md", "contestants.md", "scale.md"} <= {
        n for n in blocks if blocks[n]
    }
    stale = {path.name: list(find_stale(text)) for path, text in TEXT.items()}
    assert {name: found for name, found in stale.items() if found} == {}


def test_older_days_above_newer_figures_are_found():
    """Days in another section, the same days and newer ones are in order."""
    figures = "<!-- runs: begin -->2026-11-29, 2026-11-20<!-- runs: end -->"
    for day, stale in (
        ("2026-11-28", 1),
        ("24 November 2026", 1),
        ("2026-11-29", 0),
        ("no day", 0),
    ):
        assert len(list(find_stale(f"# A\n2026-11-01\n\n## B\n{day}\n{figures}"))) == stale


def test_no_session_is_told_with_a_folder_of_the_machine_that_measured_it():
    """A suite in a file is named as it was typed, so what publishes it types no folder."""
    told = re.compile(r"\bsuite ([\w./-]+)(?=, 20\d\d-)")
    suites = {path.name: told.findall(path.read_text("utf-8")) for path in DOCUMENTS}
    assert suites["README.md"] == ["default"]
    assert suites["loops.md"]
    assert not [name for names in suites.values() for name in names if "/" in name]
