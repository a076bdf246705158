"""The folder of a session on a cluster (floor 4).

    cluster.json                     plan, machines, verdicts; written at the start and at the end
    table.md                         the same for people
    machines/NAME/                   a session of one machine, with block.json beside session.json
    machines/NAME/SHEET/             the same, if there are several sheets

A block is written to a draft folder, whose name begins with a dot, and then renamed, so that a
killed manager leaves no incomplete block. The folders are the only record of which blocks are
finished.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING

import msgspec

from crawlbench.base.errors import SessionFileError
from crawlbench.base.storage import FOLDER_DRAFT, storing, whole_folder, write_bytes
from crawlbench.cluster.blocks import BLOCK_FILE, unpack
from crawlbench.cluster.records import CLUSTER_FORMAT, BlockResult, ClusterSession
from crawlbench.measure.store import new_folder

if TYPE_CHECKING:
    from pathlib import Path

CLUSTER_FILE = "cluster.json"
MACHINES = "machines"
_UNSAFE = re.compile(r"[^\w.-]+")


def create_cluster_folder(folder: Path, session: ClusterSession) -> None:
    """Make the folder with its first `cluster.json`; raises what `new_folder` raises."""
    with new_folder(folder) as draft:
        (draft / MACHINES).mkdir()
        write_bytes(draft / CLUSTER_FILE, msgspec.json.encode(session) + b"\n")


def write_cluster(folder: Path, session: ClusterSession) -> None:
    """Write `cluster.json`.

    Raises:
        StorageError: it cannot be written.
    """
    with storing(folder / CLUSTER_FILE):
        write_bytes(folder / CLUSTER_FILE, msgspec.json.encode(session) + b"\n")


def load_cluster(folder: Path) -> ClusterSession:
    """Read `cluster.json`.

    Raises:
        SessionFileError: there is none, or it is broken or of another format.
    """
    path = folder / CLUSTER_FILE
    try:
        session = msgspec.json.decode(path.read_bytes(), type=ClusterSession)
    except OSError as error:
        raise SessionFileError(
            f"{str(folder)!r} has no {CLUSTER_FILE} that can be read ({error.strerror}); give a "
            "folder that `crawlbench run --cluster` has made"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SessionFileError(f"{str(path)!r} is not a whole file: {error}") from error
    if session.format != CLUSTER_FORMAT:
        raise SessionFileError(
            f"{str(path)!r} has format {session.format}, this crawlbench reads {CLUSTER_FORMAT}; "
            "use the version that wrote it"
        )
    return session


def remove_drafts(folder: Path) -> None:
    """Remove the drafts of blocks that a killed manager has left behind."""
    for draft in (folder / MACHINES).glob(f"{FOLDER_DRAFT}*"):
        shutil.rmtree(draft, ignore_errors=True)


class BlockStore:
    """The blocks in a folder: written when they arrive, read sheet by sheet."""

    def __init__(self, folder: Path, sheets: int) -> None:
        """Use the folder of a session that has so many sheets."""
        self._folder = folder / MACHINES
        self._sheets = sheets

    def keep(self, sheet: int, machine: str, packed: bytes) -> None:
        """Write a block that has arrived.

        Raises:
            ValueError: it is not a block, or not the one that was expected.
            StorageError: it cannot be written.
        """
        place = self._place(sheet, machine)
        # Drafts of all machines and sheets lie in one folder, where `remove_drafts` looks for them.
        with storing(place), whole_folder(place, self._folder) as draft:
            unpack(packed, draft)
            # While it is a draft, a wrong block leaves nothing behind.
            found = _read(draft / BLOCK_FILE)
            if (found.sheet, found.machine.name) != (sheet, machine):
                raise ValueError(f"it is sheet {found.sheet} from {found.machine.name}")

    def read(self, sheet: int) -> list[BlockResult]:
        """Return the blocks of a sheet, in the order of the machines' names.

        Raises:
            SessionFileError: a block is broken.
        """
        return [_read(path) for path in self._files(sheet)]

    def count(self) -> int:
        """Return how many blocks there are."""
        return sum(len(self._files(sheet)) for sheet in range(1, self._sheets + 1))

    def _files(self, sheet: int) -> list[Path]:
        pattern = BLOCK_FILE if self._sheets == 1 else f"{sheet}/{BLOCK_FILE}"
        return sorted(self._folder.glob(f"[!.]*/{pattern}"))  # drafts begin with a dot

    def _place(self, sheet: int, machine: str) -> Path:
        place = self._folder / _folder_name(machine)
        return place if self._sheets == 1 else place / str(sheet)


def _folder_name(machine: str) -> str:
    """Return a name for a machine's folder, with a hash if characters had to be replaced."""
    # With a dot in front, a folder would be taken for a draft, and `..` is another folder.
    clean = _UNSAFE.sub("-", machine).lstrip(".")
    if clean and clean == machine:
        return clean
    return f"{clean or 'machine'}-{hashlib.sha256(machine.encode()).hexdigest()[:8]}"


def _read(path: Path) -> BlockResult:
    try:
        return msgspec.json.decode(path.read_bytes(), type=BlockResult)
    except (OSError, msgspec.MsgspecError) as error:
        raise SessionFileError(f"{str(path)!r} is not a whole block: {error}") from error
