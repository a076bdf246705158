"""The site file: what a person writes in TOML about a site of their own (floor 1)."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from crawlbench.base.complaints import with_value
from crawlbench.base.errors import BlockedPageError, UsageError
from crawlbench.base.model import Field, PageKind
from crawlbench.base.user_files import read_handmade
from crawlbench.sites.addresses import AddressRules, host_of, split_origin
from crawlbench.sites.charsets import find_label
from crawlbench.sites.selectors import as_node_xpath, as_text_xpath

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Convert = Literal["str", "int", "float", "first number"]

_TYPES: dict[Convert, type] = {"str": str, "int": int, "float": float, "first number": int}

MAX_NUMBER = 2**53
"""Beyond this, readers of JSON disagree on whole numbers."""

_FIRST_NUMBER = re.compile(r"\d+(?:,\d{3})*")


class FieldFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table `[[kinds.fields]]`."""

    name: str
    """There must be a `title`; there may be a `rank`."""
    selector: str = "."
    """Within the item; the first node found counts."""
    attribute: str | None = None
    """The attribute whose value counts instead of the node's text."""
    regex: str | None = None
    """The first match in the text counts, or the match's first group."""
    strip: str = ""
    """Characters to remove at both ends, besides blanks."""
    convert: Convert | None = None
    """`first number` takes `2,634 votes` for 2634. By default: int for the rank, else str."""
    default: str | int | float | None = None
    """The value if an item has no such node, or no text in it. Without a default each item needs
    it."""

    @property
    def conversion(self) -> Convert:
        """The last thing done to the text."""
        return self.convert or ("int" if self.name == "rank" else "str")


class KindFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table `[[kinds]]`: how pages of one kind are read."""

    pattern: str
    """Regular expression that must match the whole path with its query."""
    items: str = ""
    """Selector of the nodes that hold an item each; each such page must have one."""
    links: str = ""
    """Selector of the `a` nodes that are followed."""
    fields: tuple[FieldFile, ...] = ()


class SiteFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    name: str
    """For people."""
    start: str
    """Address of the first page, on the real site."""
    kinds: Annotated[tuple[KindFile, ...], msgspec.Meta(min_length=1)]
    """The first one whose pattern fits counts."""
    pages: str = "."
    """Folder with the pages and their manifest, relative to this file."""
    encoding: str = "utf-8"
    """Encoding of pages that do not declare one."""
    addresses: AddressRules = AddressRules()


def load_site_file(path: Path) -> SiteFile:
    """Read and check a site file, without looking for its pages.

    Raises:
        UsageError: there is none, or something in it cannot be used; the message says what.
    """
    try:
        fields = msgspec.toml.decode(read_handmade(path))
        site = msgspec.convert(fields, SiteFile)
    except OSError as error:
        raise UsageError(
            f"cannot read the site file {str(path)!r} ({error.strerror}); "
            "`crawlbench mirror import` writes one to begin with"
        ) from error
    except msgspec.ValidationError as error:
        reason = with_value(str(error), fields)
        raise UsageError(
            f"the site file {str(path)!r} cannot be used: {reason}; "
            "`crawlbench mirror import` writes one that can be used"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"the site file {str(path)!r} is not TOML: {error}") from error
    try:
        _check(site)
        make_kinds(site)
    except UsageError as error:
        raise type(error)(f"the site file {str(path)!r} cannot be used: {error}") from error
    return site


def _check(site: SiteFile) -> None:
    try:
        host_of(site.start)
        site.addresses.spell(split_origin(site.start)[1])
    except ValueError as error:
        raise UsageError(f"start: {error}; one looks like https://example.org/list") from error
    try:
        site.addresses.check()
    except ValueError as error:
        raise UsageError(f"addresses: {error}") from error
    if not find_label(site.encoding):
        raise UsageError(f"encoding {site.encoding!r} is not one that browsers know; try utf-8")
    field_types(site)


def field_types(site: SiteFile) -> dict[str, type]:
    """Return the items' fields, which all kinds with items share: `rank` and `title` come first.

    Raises:
        UsageError: kinds disagree, a name cannot be used, or there is no title.
    """
    kinds = [(n, kind) for n, kind in enumerate(site.kinds) if kind.items]
    if not kinds:
        raise UsageError("no kind of page has items, so there is nothing to crawl for")
    types: dict[str, type] | None = None
    for number, kind in kinds:
        own = _types_of(kind, f"kinds[{number}]")
        if types is not None and own != types:
            raise UsageError(
                f"kinds[{number}] has the fields {_show(own)}, but an earlier kind {_show(types)}: "
                "items are of one type, so give all kinds the same fields"
            )
        types = own
    assert types is not None
    order = sorted(types, key=lambda name: {"rank": 0, "title": 1}.get(name, 2))
    return {name: types[name] for name in order}


def _types_of(kind: KindFile, where: str) -> dict[str, type]:
    types: dict[str, type] = {}
    for field in kind.fields:
        if not field.name.isidentifier() or keyword.iskeyword(field.name) or field.name[0] == "_":
            raise UsageError(f"{where}: the field name {field.name!r} is not a plain word")
        if field.name in types:
            raise UsageError(f"{where} has the field {field.name!r} twice")
        types[field.name] = _TYPES[field.conversion]
        _check_default(field, f"{where}.{field.name}")
    if types.get("title") is not str:
        raise UsageError(f"{where} needs a field 'title' that is text: what a person calls an item")
    if types.get("rank", int) is not int:
        raise UsageError(f"{where}: the field 'rank' has to be a whole number; convert it to int")
    return types


def _check_default(field: FieldFile, where: str) -> None:
    wanted = _TYPES[field.conversion]
    if field.default is not None and type(field.default) is not wanted:
        raise UsageError(
            f"{where}: the default {field.default!r} is no {wanted.__name__}, which the field is"
        )


def _show(types: dict[str, type]) -> str:
    return ", ".join(f"{name} ({kind.__name__})" for name, kind in types.items())


def make_kinds(site: SiteFile) -> tuple[PageKind, ...]:
    """Return the kinds of pages in the form that parsers take.

    Raises:
        UsageError: a pattern or selector does not compile, or a kind has neither items nor links.
    """
    return tuple(_make_kind(kind, f"kinds[{n}]") for n, kind in enumerate(site.kinds))


def _make_kind(kind: KindFile, where: str) -> PageKind:
    # An address that leads to no page is an empty text, which must not fit any kind.
    if _compile(kind.pattern, f"{where}.pattern").fullmatch(""):
        raise UsageError(
            f"{where}.pattern {kind.pattern!r} fits an address without a path; begin it with a /"
        )
    if not kind.items and not kind.links:
        raise UsageError(f"{where} has neither items nor links; leave it out")
    return PageKind(
        pattern=kind.pattern,
        items=as_node_xpath(kind.items, f"{where}.items") if kind.items else "",
        fields=tuple(_make_field(field, f"{where}.{field.name}") for field in kind.fields),
        links=as_node_xpath(kind.links, f"{where}.links") if kind.links else "",
    )


def _make_field(field: FieldFile, where: str) -> Field:
    xpath = as_text_xpath(field.selector, field.attribute, where)
    return Field(field.name, xpath, _make_converter(field, where), field.default)


def _make_converter(field: FieldFile, where: str) -> Callable[[str], object]:
    """Return what turns a node's text into the field's value; it raises `BlockedPageError`."""
    search = _compile(field.regex, f"{where}.regex").search if field.regex else None
    kind = field.conversion

    def convert(text: str) -> Any:  # noqa: ANN401  (of the field's type)
        text = " ".join(text.split())
        if field.strip:
            text = text.strip(field.strip + " ")
        try:
            if search:
                text = _first_group(search(text))
            if kind == "first number":
                text = _first_group(_FIRST_NUMBER.search(text)).replace(",", "")
            if not text:
                raise ValueError
            value = _TYPES[kind](text)
        except ValueError:
            wanted = f"that {field.regex!r} fits and " if field.regex else ""
            raise BlockedPageError(
                f"an item's {field.name!r} is {text[:80]!r}, not a text {wanted}that gives "
                f"{'a number' if kind != 'str' else 'something'} ({kind})"
            ) from None
        if kind != "str" and not abs(value) <= MAX_NUMBER:  # nan is refused too
            raise BlockedPageError(
                f"an item's {field.name!r} is {text[:80]!r}, and numbers are taken from -2**53 to "
                "2**53, between which all programs read JSON alike; keep it as text (str)"
            )
        return value

    return convert


def _first_group(found: re.Match[str] | None) -> str:
    if found is None:
        raise ValueError
    return (found[1] or "") if found.re.groups else found[0]


def _compile(pattern: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"{where} {pattern!r} is not a regular expression: {error}") from error
