"""Edits session files at random and has commands read them: `python -m tests.fuzz.sessions COUNT`.

One seed is one edited file, so that what goes wrong can be had again.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

from crawlbench.base.errors import SessionFileError, UsageError
from crawlbench.measure.decoding import ROUNDS_FILE
from crawlbench.measure.store import SESSION_FILE, load_session
from crawlbench.report.formats import EXPORTS
from crawlbench.report.history_page import changes_table, history_page
from crawlbench.report.rendering import SessionReport
from crawlbench.report.session_page import session_page
from crawlbench.stats.compare import compare_sessions
from crawlbench.stats.history import make_history
from crawlbench.stats.judge import judge
from tests.measure.test_store import finished, write

NUMBERS = (
    *(0, 1, -1, 2, 3, 10**6, 10**15, 10**16, 2**63, -(2**63), 10**400, 0.5, 1e-300, 5e-324, 1e-12),
    *(1e9, 1e15, 1e300, -1e300, 1e308, -1e308, 99.0, -99.0, 599.0, -600.0, 0.0, -0.0),
)
OTHERS = (
    *("", "x", "\x1b[31m", "\u202e", "\ud800", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z"),
    *("a" * 5000, "\n", "|", "<script>", None, True, False, [], {}, [None], {"": 0}),
)
LIKE_SHARE = 0.8
"""Of the numbers, those that become other numbers."""
PAGE_EVERY = 20
"""Pages take most of the time."""


def places_of(value, path=()):
    """Yield the path of everything in a JSON value, the value itself left out."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, part in inside:
        yield (*path, key)
        yield from places_of(part, (*path, key))


def edit(content, places, seed):
    """Return a copy of a JSON value in which one to three things are other than they were."""
    chance = random.Random(seed)
    content = deepcopy(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        *way, last = chance.choice(places)
        parent = content
        try:
            for key in way:
                parent = parent[key]
            _change(chance, parent, last)
        except (KeyError, IndexError, TypeError):  # an edit before has removed it
            continue
    return content


def _change(chance, parent, key):
    old = parent[key]
    kind = chance.randrange(5)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, list):
        parent.append(deepcopy(old))
    elif kind == 2 and isinstance(old, int | float):
        parent[key] = old * chance.choice((-1, 1e-9, 1e9, 1e100, 1e-100))
    else:
        is_number = isinstance(old, int | float) and chance.random() < LIKE_SHARE
        parent[key] = chance.choice(NUMBERS if is_number else OTHERS)


def use(folder, good, *, draws):
    """Have commands read a session; return whether it was taken.

    Raises:
        Exception: one that no user should see.
    """
    try:
        session = load_session(folder)
    except SessionFileError as error:
        _require_sentence(error)
        return False
    shown = SessionReport(session, folder)
    shown.terminal(80, is_ascii=True)
    shown.markdown().encode()
    for export in EXPORTS.values():
        _refusing(export, shown.view)
    _refusing(compare_sessions, good, session, 0.01)
    history = make_history({"a": good, "b": session}, 0.01, 0.95)
    changes_table(history)
    judge(session)  # as a session that goes on
    if draws:
        history_page(history)
        session_page(shown.view, (), "")
    return True


def _refusing(call, *arguments):
    try:
        call(*arguments)
    except UsageError as error:
        _require_sentence(error)


def _require_sentence(error):
    if "\n" in str(error):
        raise AssertionError(f"this is no sentence: {error}")


def read(folder):
    """Return the files of a session as one JSON value."""
    lines = (folder / ROUNDS_FILE).read_text(encoding="utf-8").splitlines()
    session = json.loads((folder / SESSION_FILE).read_text(encoding="utf-8"))
    return {"session": session, "rounds": [json.loads(line) for line in lines]}


def put(folder, content):
    """Write them back; what was removed is an empty file."""
    rounds = content.get("rounds")
    lines = [json.dumps(one) + "\n" for one in (rounds if isinstance(rounds, list) else [rounds])]
    (folder / ROUNDS_FILE).write_text("".join(lines), encoding="utf-8")
    (folder / SESSION_FILE).write_text(json.dumps(content.get("session")), encoding="utf-8")


def fuzz(source, folder, seeds):
    """Edit the session in a folder once for each seed; return how many were taken.

    Raises:
        AssertionError: one led to an error; its seed is told.
    """
    content = read(source)
    for file in source.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    places, good, taken = list(places_of(content)), load_session(source), 0
    for seed in seeds:
        put(folder, edit(content, places, seed))
        try:
            taken += use(folder, good, draws=not taken % PAGE_EVERY)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    return taken


def main():
    """Fuzz a small session as often as the command line says."""
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as room:
        source, folder = Path(room) / "source", Path(room) / "edited"
        source.mkdir()
        folder.mkdir()
        taken = fuzz(write(source, finished()), folder, range(count))
    print(f"{count} edited sessions: {taken} were taken, {count - taken} refused in a sentence")


if __name__ == "__main__":
    main()
