"""Reads networks from TOML files: ours by name, a user's by path (floor 2)."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from crawlbench.base.complaints import steps_of, with_value
from crawlbench.base.errors import UsageError
from crawlbench.mirror.networks.faults import ANSWER_KINDS, DELIVERY_KINDS, Fault
from crawlbench.mirror.networks.model import Network
from crawlbench.plugins.misspelling import unknown_name

_FOLDER = Path(__file__).resolve().parent
_KINDS = (*ANSWER_KINDS, *DELIVERY_KINDS)
_DISTRIBUTIONS = ("constant", "normal", "log-normal", "samples")
_MAX_FILE_BYTES = 2**22


def find_network(name: str) -> Network:
    """Return the network with this name, or the one in a file if the name ends in `.toml`.

    `wan@150ms` is the network `wan` with a round trip of 150 ms; `wan@3s` and `./mine.toml@5ms`
    work likewise.

    Raises:
        UnknownNameError: no network has that name.
        UsageError: as for `load_network`, or what follows the `@` is not a time.
    """
    if name.endswith(".toml"):  # first, since a folder's name may have an @ in it
        return load_network(Path(name))
    base, at, trip = name.rpartition("@")
    if at:
        return _with_round_trip(find_network(base), name, trip)
    if name not in NETWORKS:
        raise unknown_name("network", name, [*NETWORKS, "or a path to a FILE.toml of your own"])
    return NETWORKS[name]


def _with_round_trip(network: Network, name: str, trip: str) -> Network:
    """Return a network with another round trip and otherwise the same."""
    number = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)s", trip)
    if number is None or network.samples:
        reason = "has samples" if network.samples else f"has no time in {trip!r}"
        raise UsageError(f"network {name!r} {reason}; write one as wan@150ms")
    seconds = float(number[1]) / (1000 if number[2] else 1)
    try:
        # By way of `convert`, which holds the new time to the bounds of its field.
        fields = {**msgspec.to_builtins(network), "round_trip_s": seconds}
        return msgspec.convert(fields, Network)
    except msgspec.ValidationError as error:
        raise UsageError(f"network {name!r} cannot be used: {error}") from error


def load_network(path: Path) -> Network:
    """Read a network from a TOML file, and return it.

    Raises:
        UsageError: there is no such file, or it is not a network; the message says where and why.
    """
    fields: dict[str, object] = {}
    try:
        fields = msgspec.toml.decode(_read(path, "network"))
        if isinstance(samples := fields.get("samples"), str):
            fields["samples"] = _load_samples(path.parent / samples)
        return msgspec.convert(fields, Network)
    except msgspec.ValidationError as error:
        reason = _explain(str(error), fields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = f"it is not TOML: {error}"
    raise UsageError(f"network {str(path)!r} cannot be used: {reason}")


def _explain(problem: str, fields: dict[str, object]) -> str:
    """Return msgspec's sentence with the value seen, or with the possible values."""
    steps = steps_of(problem)
    if "unknown field" in problem:
        known = Fault if "faults" in steps else Network
        noun = "a fault" if known is Fault else "a network"
        return f"{problem}; {noun} has {', '.join(known.__struct_fields__)}"
    explained = with_value(problem, fields)
    if explained == problem:
        return problem.partition(" - at `$")[0]  # about the whole, which already names the value
    hint = ""
    if "enum value" in problem:
        hint = f"; known: {', '.join(_DISTRIBUTIONS if 'distribution' in steps else _KINDS)}"
    return explained + hint


def _load_samples(path: Path) -> list[float]:
    """Return round trips in seconds from a file with one per line.

    Blank lines and what follows a `#` are ignored.
    """
    samples: list[float] = []
    lines = _read(path, "file of samples").decode("utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            samples.append(float(text))
        except ValueError as error:
            raise UsageError(
                f"file of samples {str(path)!r} cannot be used: line {number} is {text[:40]!r}; "
                "it takes one number of seconds, such as 0.040"
            ) from error
    if not samples:
        raise UsageError(
            f"file of samples {str(path)!r} cannot be used: it has none; "
            "it takes one number of seconds a line, such as 0.040"
        )
    return samples


def _read(path: Path, noun: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        known = f"; crawlbench has {', '.join(NETWORKS)}" if noun == "network" else ""
        raise UsageError(f"no {noun} {str(path)!r}; give the path of a file{known}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{noun} {str(path)!r} cannot be read: {reason}") from error
    if len(content) > _MAX_FILE_BYTES:
        raise UsageError(
            f"{noun} {str(path)!r} cannot be used: it is larger than {_MAX_FILE_BYTES} bytes; "
            "give a smaller one"
        )
    return content


NETWORKS: dict[str, Network] = {}
"""The networks that come with crawlbench, by name."""
NETWORKS.update({path.stem: load_network(path) for path in sorted(_FOLDER.glob("*.toml"))})
