"""A bundle: one session in one small file that can be published and judged again (floor 4).

It is gzipped JSON: a content, and its digest. Rounds are kept by column, without warmups and with
numbers rounded to six digits. Everything else of a session stays as it is, so that the judge of all
sessions can judge this one, too.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.errors import UsageError
from crawlbench.base.records import Anchor, RoundRecord, Sample, Session

# msgspec reads the annotations when it decodes.
from crawlbench.base.records.ranges import Count, Span  # noqa: TC001
from crawlbench.measure.flaws import find_flaw
from crawlbench.stats.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT = 1
"""Version of the format. 1: first."""
ENDING = ".bundle.gz"
_GZIP = b"\x1f\x8b"
"""What every gzipped file begins with."""
MAX_BYTES = 2**20
"""Largest size of a file: the largest session of the reference takes a third."""
MAX_UNPACKED_BYTES = 64 * 2**20
DIGITS = 6
"""Significant digits of each number: a millionth is far finer than any interval."""

LATER_IN_PLAN = {"is_paced": False, "may_rest": True, "long_share": 1.0}
LATER_IN_SESSION: dict[str, object] = {
    "long_every": {},
    "resting": {},
    "unhosted": (),
    "codes": {},
}
"""Fields added after the first bundle was published, with the value that always held before."""

Column = tuple[float | int | bool | str | dict[str, float] | None, ...]


class KeptRound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A round, with its samples by column."""

    number: Count
    started: str
    seconds: Span
    columns: dict[str, Column]
    """Field of a sample to its values; a cell is given by its place in the plan."""
    anchors: tuple[Anchor, ...] = ()


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code of a strategy."""

    digest: str
    """SHA-256 of its file."""
    text: str = ""
    """The file itself, if it is not one of crawlbench's: a tuned row must be readable."""


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the session concluded about a cell and its baseline; verification concludes it again."""

    cell: str
    quantity: str
    verdict: str
    estimate: float | None
    ends: tuple[float, float] | None
    """Ends of the interval."""


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle's digest covers."""

    session: Session
    """Without its rounds and conclusions."""
    rounds: tuple[KeptRound, ...]
    sites: dict[str, str]
    """Site to the digest of what a correct crawl of it returns."""
    strategies: dict[str, Source]
    claims: tuple[Claim, ...]
    command: str
    """The command that measures it again."""


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A content and its digest."""

    format: int
    digest: str
    content: Content


def seal(content: Content) -> Bundle:
    """Return a content together with its digest, as a bundle."""
    return Bundle(FORMAT, digest_of(content), content)


def digest_of(content: Content) -> str:
    """Return the SHA-256 of a content, in hexadecimal.

    A later field is left out where it has the value that always held before, so that older bundles
    keep their digests.
    """
    told = msgspec.to_builtins(content)
    session = told["session"]
    for holder, usual in ((session["plan"], LATER_IN_PLAN), (session, LATER_IN_SESSION)):
        for name, value in usual.items():
            if holder[name] == value:
                del holder[name]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def encode_bundle(bundle: Bundle) -> bytes:
    """Return the bytes of a bundle, the same for the same bundle."""
    packed = io.BytesIO()
    # Neither the time nor the file's name: a bundle that is made twice is one file.
    with gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0, compresslevel=9) as file:
        file.write(msgspec.json.encode(bundle))
    return packed.getvalue()


def load_bundle(path: Path) -> Bundle:
    """Read a bundle; `rules.py` checks whether it keeps the rules.

    Raises:
        UsageError: it cannot be read, or is not a bundle.
    """
    try:
        with path.open("rb") as file:
            # One byte more than allowed shows that a file is too large, however large it is.
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the bundle {str(path)!r} cannot be read: {error.strerror}") from error
    return decode_bundle(content, str(path))


def decode_bundle(content: bytes, name: str) -> Bundle:
    """Return the bundle that these bytes hold.

    Args:
        content: gzipped JSON.
        name: what messages call the bundle.

    Raises:
        UsageError: they hold no bundle, or too much.
    """
    if len(content) > MAX_BYTES:
        raise UsageError(
            f"{name!r} is larger than a bundle may be ({MAX_BYTES // 1024} KiB); "
            "submit fewer rounds, or fewer cells at a time"
        )
    # `gzip` would unpack a small file to any size; here the size has a bound. 31 stands for gzip's
    # head and checksum with the largest window.
    packed = zlib.decompressobj(wbits=31)
    try:
        if not content.startswith(_GZIP):
            raise zlib.error("it is not gzipped")
        text = packed.decompress(content, MAX_UNPACKED_BYTES)
        if packed.unconsumed_tail or not packed.eof:
            raise zlib.error("it is incomplete, or holds more than a bundle may")
        # Nobody would read what follows, so it could be anything.
        if packed.unused_data:
            raise zlib.error("something follows after its end")
        bundle = msgspec.json.decode(text, type=Bundle)
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # RecursionError: the JSON is nested too deeply.
        raise UsageError(
            f"{name!r} is not a whole bundle: {error}; `crawlbench submit SESSION` makes one"
        ) from error
    if len(text) > len(msgspec.json.encode(bundle)):
        raise UsageError(
            f"{name!r} says something twice, or something that nobody reads; `crawlbench submit "
            "SESSION` makes a bundle that does not"
        )
    if bundle.format != FORMAT:
        raise UsageError(
            f"{name!r} has format {bundle.format}, this crawlbench reads {FORMAT}; "
            "use the version that wrote it"
        )
    return bundle


_FIELDS = tuple(field.name for field in fields(Sample) if field.name != "warmup")


def shorten(session: Session) -> tuple[KeptRound, ...]:
    """Return the rounds of a session by column, without warmups, with numbers rounded."""
    places = {cell.name: place for place, cell in enumerate(session.plan.cells)}
    return tuple(
        KeptRound(
            record.number,
            record.started,
            _cut(record.seconds),
            _columns([s for s in record.samples if not s.warmup], places),
            tuple(
                replace(a, computing_s=_cut(a.computing_s), sending_s=_cut(a.sending_s))
                for a in record.anchors
            ),
        )
        for record in session.rounds
    )


def _columns(samples: Iterable[Sample], places: dict[str, int]) -> dict[str, Column]:
    kept = list(samples)
    columns: dict[str, Column] = {"cell": tuple(places[sample.cell] for sample in kept)}
    for name in _FIELDS[1:]:  # a cell is given by its place, see above
        values = [getattr(sample, name) for sample in kept]
        # Crawls have none, and get the default again when they are restored.
        if name == "figures" and not any(values):
            continue
        columns[name] = tuple(_cut(v) if isinstance(v, float) else v for v in values)
    return columns


def _cut(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def restore(content: Content) -> Session:
    """Return the session of a bundle, judged by today's rules; raises what `unfold` raises."""
    return judge(unfold(content))


def unfold(content: Content) -> Session:
    """Return the session of a bundle with its rounds, not judged.

    Raises:
        UsageError: the columns do not form rounds of the plan, or no session of ours could hold
            them.
    """
    names = [cell.name for cell in content.session.plan.cells]
    try:
        rounds = tuple(_restore_round(kept, names) for kept in content.rounds)
    except (msgspec.MsgspecError, ValueError, TypeError, LookupError) as error:
        raise UsageError(f"the bundle's rounds do not fit its plan: {error}") from error
    session = replace(content.session, rounds=rounds)
    if flaw := find_flaw(session):
        raise UsageError(f"the bundle's session cannot be right: {flaw}")
    return session


def _restore_round(kept: KeptRound, names: list[str]) -> RoundRecord:
    if unknown := kept.columns.keys() - set(_FIELDS):
        raise ValueError(f"samples have no {sorted(unknown)[0]!r}")
    rows = zip(*kept.columns.values(), strict=True)
    samples = [dict(zip(kept.columns, row, strict=True)) for row in rows]
    for sample in samples:
        place = sample["cell"]
        # A list would take -1 for its last cell.
        if not isinstance(place, int) or not 0 <= place < len(names):
            raise IndexError(f"there is no cell {place!r}")
        sample.update(cell=names[place], warmup=False)
    found = msgspec.convert(samples, tuple[Sample, ...])
    return RoundRecord(kept.number, kept.started, kept.seconds, found, kept.anchors)


def claims_of(session: Session) -> tuple[Claim, ...]:
    """Return what a judged session says about its cells and their baselines."""
    baselines = set(session.plan.baselines.values())
    return tuple(
        Claim(
            one.cell,
            str(one.quantity),
            str(one.verdict),
            None if one.estimate is None else _cut(one.estimate),
            None if one.low is None or one.high is None else (_cut(one.low), _cut(one.high)),
        )
        for one in session.comparisons
        if one.baseline in baselines
    )
