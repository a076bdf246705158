"""Proposes rules for addresses that seem to be one page, ready to paste (floor 4; pure)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawlbench.sites.addresses import AddressRules


def propose_rules(pairs: Iterable[tuple[str, str]], rules: AddressRules) -> str:
    """Return lines for `[addresses]` that make each pair one page; empty if no key can do that.

    Args:
        pairs: pairs of addresses, as they are spelled.
        rules: the existing rules; the lines repeat their entries.
    """
    keys: dict[str, list[str]] = {}
    for one, other in pairs:
        for key, entry in _differences(one, other):
            keys.setdefault(key, []).append(entry)
    lines = []
    for key, entries in _drop_what_varies(keys).items():
        if key in {"trailing_slash", "sort_parameters", "ignore_case"}:
            lines.append(f"{key} = {entries[0]}")
        else:
            listed = [*(getattr(rules, key) or ()), *entries]
            lines.append(f"{key} = {json.dumps(list(dict.fromkeys(listed)), ensure_ascii=False)}")
    return "; ".join(lines)


def _differences(one: str, other: str) -> list[tuple[str, str]]:
    """Return keys and entries that make two addresses one; none if no keys can do that."""
    (path, _, query), (other_path, _, other_query) = one.partition("?"), other.partition("?")
    if path != other_path:
        entry = _path_difference(path, other_path)
        return [entry] if entry and query == other_query else []
    pairs, others = query.split("&"), other_query.split("&")
    if sorted(pairs) == sorted(others):
        return [("sort_parameters", "true")]
    names = {pair.partition("=")[0] for pair in pairs}
    other_names = {pair.partition("=")[0] for pair in others}
    found = []
    for pair in (*pairs, *others):
        name = pair.partition("=")[0]
        if not pair or (pair in pairs and pair in others):
            continue
        # Two of its values lead to one page, so none of them counts.
        if name in names and name in other_names:
            found.append(("drop_parameters", name))
        elif "=" in pair:  # only one of the two has it: with this value it says nothing
            found.append(("default_parameters", pair))
        else:
            found.append(("drop_parameters", name))
    return found


def _path_difference(path: str, other: str) -> tuple[str, str] | None:
    shorter, longer = sorted((path, other), key=len)
    if longer == f"{shorter}/":
        return "trailing_slash", '"drop"'
    if shorter.endswith("/") and longer.startswith(shorter) and "/" not in longer[len(shorter) :]:
        return "index", longer[len(shorter) :]
    if path.lower() == other.lower():
        return "ignore_case", "true"
    return None


def _drop_what_varies(keys: dict[str, list[str]]) -> dict[str, list[str]]:
    """Drop a parameter altogether if several of its values mean nothing."""
    values: dict[str, set[str]] = {}
    for pair in keys.get("default_parameters", ()):
        values.setdefault(pair.partition("=")[0], set()).add(pair)
    dropped = [name for name, pairs in values.items() if len(pairs) > 1]
    dropped += keys.get("drop_parameters", [])
    defaults = [p for name, pairs in values.items() if name not in dropped for p in sorted(pairs)]
    varied = {**keys, "drop_parameters": dropped, "default_parameters": defaults}
    return {key: entries for key, entries in varied.items() if entries}
