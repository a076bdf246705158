"""A suite: what to measure and for how long, as a TOML file says it (floor 3)."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from crawlbench.base.complaints import with_value
from crawlbench.base.errors import UsageError
from crawlbench.base.records import Stopping
from crawlbench.base.records.ranges import Part  # noqa: TC001  (msgspec reads it)
from crawlbench.base.user_files import read_handmade
from crawlbench.measure.labels import find_place, is_file
from crawlbench.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawlbench.base.records import Cell

_FOLDER = Path(__file__).resolve().parent.parent / "suites"

_INFINITE = 1e9  # seconds or percent: TOML has inf, the JSON of a session does not

Positive = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
Natural = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
PositiveNumber = Annotated[float, msgspec.Meta(gt=0, lt=_INFINITE)]
Names = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The axes as names or globs, and the size of a session.

    Percentages are what a user writes; a plan holds log ratios.
    """

    strategies: tuple[str, ...] = ()
    baseline: str = ""
    """A strategy, or `strategy/event loop`, that each site and network is compared with."""
    operations: tuple[str, ...] = ()
    """Operations of the event loops; each is compared with itself on the first loop."""
    sites: Names = ("douban-top250",)
    long_forms: dict[str, str] = {}
    """Site and network, as a glob, to a longer site that is crawled in the same laps: the
    difference between the two is what pages cost. The last glob that fits counts; where none fits,
    only one length is crawled."""
    long_share: Part = 1.0
    """About how much of the laps' time long forms may take: where they would take more, they take
    part in fewer laps. With 1 they take part in each."""
    networks: Names = ("loopback",)
    event_loops: Names = ("asyncio",)
    parsers: Names = ("lxml",)
    concurrency: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1)] = (10,)
    rounds: Positive = 10
    laps: Positive = 3
    warmups: Natural = 1
    min_time_s: PositiveNumber = 0.03
    lap_time_s: PositiveNumber = 2.0
    budget_s: PositiveNumber | None = None
    precision_percent: PositiveNumber | None = None
    margin_percent: Annotated[float, msgspec.Meta(ge=0, lt=_INFINITE)] = 1.0
    confidence: Annotated[float, msgspec.Meta(gt=0.5, lt=1)] = 0.95
    timeout_s: PositiveNumber = 60.0
    seed: Natural = 1
    cpus: Annotated[str, msgspec.Meta(pattern=r"^([1-9]\d{0,4}|all)$")] = "1"
    mirror_cpus: tuple[Natural, ...] = ()
    stopping: Stopping | None = None
    """None: look after each round if there is a budget or a precision, otherwise once."""

    paced: bool = True
    """Laps per turn are chosen again after some rounds, by cost and noise, if something other than
    a number of rounds ends the session. A user who sets laps, or the length of a turn, gets
    those."""
    resting: bool = True
    """Cells whose pairs are settled rest in a paced session. A user who sets the number of rounds
    gets all of them for all cells."""

    @property
    def is_paced(self) -> bool:
        """Whether laps per turn may be chosen while the session runs."""
        return self.paced and (self.budget_s is not None or self.precision_percent is not None)

    def with_one_length(self) -> Suite:
        """Return the suite without long forms."""
        return msgspec.structs.replace(self, long_forms={})

    def choose_stopping(self) -> Stopping:
        """Return what decides when a session of this suite ends."""
        if self.stopping is not None:
            return self.stopping
        return Stopping.ANY if self.budget_s or self.precision_percent else Stopping.FIXED


def suite_names() -> list[str]:
    """Return the names of the suites that come with crawlbench."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def describe_suite(name: str) -> str:
    """Return what a suite that comes with crawlbench asks: the comment at its beginning."""
    first = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# ")


def _explain_absent(name: str) -> str:
    """Say that there is no such suite, and what could be meant."""
    known = suite_names()
    near = get_close_matches(name, known, n=1) if name.isalpha() else []
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    if name in registry.names(registry.Kind.STRATEGY):
        hint = f" (it is a strategy: -s {name})"
    return (
        f"no suite {name!r}{hint}; known: {', '.join(known)}, or a path to a FILE.toml of your own"
    )


def load_suite(name: str) -> Suite:
    """Read a suite by name or from a path that ends in `.toml`; its paths start at its folder.

    Raises:
        UsageError: there is no such suite or file, or it is not a suite; the message says where and
            why.
    """
    path = Path(name) if name.endswith(".toml") else _FOLDER / f"{name}.toml"
    try:
        fields = msgspec.toml.decode(read_handmade(path))
        suite = msgspec.convert(fields, Suite)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(_explain_absent(name)) from error
    except OSError as error:
        raise UsageError(f"suite {name!r} cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        known = f"; a suite has {', '.join(Suite.__struct_fields__)}"
        hint = known if "unknown field" in str(error) else ""
        if "enum value" in str(error):  # there is one such field
            hint = f"; it is one of {', '.join(Stopping)}"
        reason = with_value(str(error), fields)
        raise UsageError(f"suite {name!r} cannot be used: {reason}{hint}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"suite {name!r} cannot be used: it is not TOML: {error}") from error
    if not (suite.strategies and suite.baseline) and not suite.operations:
        raise UsageError(
            f"suite {name!r} cannot be used: it has no operations, nor strategies with a baseline"
        )
    _require_baseline(name, suite)
    return _find_beside(path.parent, suite) if name.endswith(".toml") else suite


def split_baseline(baseline: str) -> tuple[str, str]:
    """Return the strategy of a baseline, and what follows it: nothing, or `/` and an event loop.

    A strategy that is a file has slashes in its path.
    """
    path, ending, loop = baseline.rpartition(".py")
    if ending:
        return path + ending, loop
    strategy, slash, loop = baseline.partition("/")
    return strategy, slash + loop


def _require_baseline(name: str, suite: Suite) -> None:
    """Raise UsageError if a suite's baseline is not one of its own strategies."""
    strategy, _ = split_baseline(suite.baseline)
    if suite.strategies and not any(_names(one, strategy) for one in suite.strategies):
        raise UsageError(
            f"suite {name!r} cannot be used: its baseline {suite.baseline!r} is not one of its "
            f"strategies: {', '.join(suite.strategies)}"
        )


def _names(pattern: str, strategy: str) -> bool:
    """Return whether a suite's name, glob or path of a file is that of a strategy."""
    if is_file(strategy):  # `a[1].py` is no glob, and `./a.py` is `a.py`
        return find_place(pattern) == find_place(strategy)
    return fnmatchcase(strategy, pattern)


def _find_beside(folder: Path, suite: Suite) -> Suite:
    """Return a suite whose files are found from any folder: relative paths start at this one."""

    def find(name: str) -> str:
        return find_place(folder / name) if is_file(name) else name

    strategy, loop = split_baseline(suite.baseline)
    fields = ("sites", "networks", "strategies", "parsers")
    found: dict[str, Any] = {field: tuple(map(find, getattr(suite, field))) for field in fields}
    found["baseline"] = find(strategy) + loop
    return msgspec.structs.replace(suite, **found)


def override(suite: Suite, changes: Mapping[str, object]) -> Suite:
    """Return the suite with those of the changes that are neither None nor empty.

    Raises:
        UsageError: a value is out of bounds.
    """
    wanted = {name: value for name, value in changes.items() if value not in (None, (), [])}
    if wanted.keys() & {"laps", "lap_time_s"}:
        wanted = {"paced": False, **wanted}
    if "rounds" in wanted and wanted.get("stopping") is Stopping.FIXED:
        wanted = {"resting": False, **wanted}
    fields = {**msgspec.to_builtins(suite), **wanted}
    try:
        return msgspec.convert(fields, Suite)
    except msgspec.ValidationError as error:
        reason = with_value(str(error), fields)
        raise UsageError(f"these options cannot be used: {reason}") from error


def loops_left_out(suite: Suite, cells: Iterable[Cell]) -> list[str]:
    """Return the event loops that a glob of the suite names but no cell has: not installed here."""
    used = {cell.event_loop for cell in cells} - {None}
    named = registry.select(registry.Kind.EVENT_LOOP, suite.event_loops) if used else []
    return [name for name in named if name not in used]
