"""Keeps records as gzipped JSON, with numbers rounded to six digits."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawlbench.base.storage import write_bytes

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Block:
    """The values of one side, measured without a break."""

    side: int
    seconds: float
    """From the call of the harness to its end."""
    values: tuple[tuple[float, float], ...]
    """For each value its end, in seconds after the block began, and the measured seconds."""


@dataclass(frozen=True, slots=True)
class Said:
    """The conclusion of a harness about two sides."""

    sign: int
    """1: the copy is slower; -1: it is faster; 0: no answer, or they are the same."""
    score: float
    """Log ratio of the copy to the plain side, by the harness's own estimates."""


def write_blocks(path: Path, blocks: list[Block], about: dict[str, Any]) -> None:
    """Keep the blocks of a piece, with facts about them."""
    told = [
        {
            "side": block.side,
            "seconds": _cut(block.seconds),
            "ended": [_cut(ended) for ended, _ in block.values],
            "values": [_cut(value) for _, value in block.values],
        }
        for block in blocks
    ]
    write_record(path, {**about, "blocks": told})


def load_blocks(path: Path) -> list[Block]:
    """Return the blocks of a piece."""
    return [
        Block(one["side"], one["seconds"], tuple(zip(one["ended"], one["values"], strict=True)))
        for one in load_record(path)["blocks"]
    ]


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Keep a record; the same record makes the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, separators=(",", ":"))
    write_bytes(path, gzip.compress(text.encode(), mtime=0))


def load_record(path: Path) -> dict[str, Any]:
    """Return a record that was kept."""
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def _cut(value: float) -> float:
    return float(f"{value:.6g}")
