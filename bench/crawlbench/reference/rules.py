"""The rules that a bundle must keep to become part of a table (floor 4).

Each broken rule is reported in a sentence: what is wrong, the value seen, and what would work.
"""

from __future__ import annotations

import hmac
import math
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from crawlbench.base.errors import BenchError
from crawlbench.base.records.ranges import END
from crawlbench.mirror.networks import NETWORKS
from crawlbench.plugins import registry
from crawlbench.reference.bundle import claims_of, digest_of, restore
from crawlbench.reference.command import due_command
from crawlbench.reference.forgery import find_forgery
from crawlbench.reference.method import find_lapses, find_outdated
from crawlbench.reference.omissions import find_omissions
from crawlbench.reference.privacy import BUSY, find_secret, is_label, shorten_platform
from crawlbench.reference.sources import (
    digest_of_site,
    digest_of_strategy,
    find_shipped,
    hash_source,
    is_shipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawlbench.base.records import Cell, Plan, Session
    from crawlbench.reference.bundle import Bundle, Claim, Content

_CPU = re.compile(r"[\w()@.,+/ -]{0,100}", re.ASCII)
# A host's name has letters behind its dot, a CPU's frequency has digits.
_DOTTED = re.compile(r"[A-Za-z][\w-]*\.[A-Za-z]{2,}")
VERSION = re.compile(r"[\w.+!-]*", re.ASCII)


def find_broken(bundle: Bundle, *, only_lasting: bool = False) -> list[str]:
    """Return a sentence for each rule that a bundle breaks; none if it keeps all of them.

    Args:
        bundle: the bundle.
        only_lasting: whether to leave out the rules that a good bundle breaks in time, because
            strategies, sites, libraries and the judge change.
    """
    content = bundle.content
    # As bytes, because of texts `hmac` compares only ASCII, and a forged digest may be anything.
    if not hmac.compare_digest(bundle.digest.encode(), digest_of(content).encode()):
        return [
            f"the content has the digest {digest_of(content)[:12]}, but the bundle says "
            f"{bundle.digest[:12]}: it was edited; submit the session again"
        ]
    try:
        session = restore(content)
    except BenchError as error:
        return [f"{error}; submit the session again"]
    lasting = [
        *_untold(content),
        *_unlikely_names(content.session),
        *_unshipped(content.session.plan),
        *find_lapses(session),
        *find_forgery(session),
        *find_omissions(session),
        *_own_words(content),
        *_needless(content),
    ]
    if only_lasting:
        return lasting
    return [
        *lasting,
        *_foreign_code(content),
        *find_outdated(session),
        *_false_claims(content, session),
    ]


def is_tuned(content: Content, cell: Cell) -> bool:
    """Return whether a cell's row is tuned.

    It is if crawlbench does not ship its strategy, or if its environment has variables or flags.
    """
    source, plan = content.strategies.get(cell.strategy), content.session.plan
    asked = [*plan.environments, *(one.asked for one in content.session.environments)]
    return bool(source and source.text) or any(
        one.variables or one.flags for one in asked if one.name == cell.environment
    )


def _untold(content: Content) -> Iterator[str]:
    """Yield sentences about what reveals who measured the session, and where."""
    machine = content.session.machine
    if machine.hostname:
        yield (
            f"it names the host {machine.hostname!r}; a bundle that `crawlbench submit` writes "
            "names none"
        )
    if machine.platform != shorten_platform(machine.platform):
        yield (
            f"its platform {machine.platform!r} says more than system, version and processor, "
            f"such as {shorten_platform(machine.platform)!r}"
        )
    if not _CPU.fullmatch(machine.cpu_model) or _DOTTED.search(machine.cpu_model):
        yield f"its CPU is called {machine.cpu_model!r}, a name that no maker would use"
    # The source of a tuned strategy is meant to be read, and may quote anybody.
    told = msgspec.to_builtins(content)
    told["strategies"] = list(content.strategies)
    for record in told["rounds"]:
        record["columns"] = record["columns"].get("figures")  # others are numbers, see `unfold`
    # A version may have four numbers, as an address has.
    for holder in (told["session"]["machine"], *told["session"]["environments"]):
        versions = holder["versions"].items()
        holder["versions"] = {n: "" if VERSION.fullmatch(one) else one for n, one in versions}
    for text in _texts(told):
        if found := find_secret(text):
            yield f"it reveals {found[1]}, {found[0]!r}; take it out of what was measured"
            return


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  (JSON)
    """Yield all texts in JSON, including keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _unlikely_names(session: Session) -> Iterator[str]:
    """Yield a sentence about the first name that cannot be one, such as a script."""
    plan = session.plan
    machine, conditions = session.machine, session.conditions
    names = [plan.suite, *plan.files, *session.networks, machine.python, session.tool]
    names += [one.python for one in session.environments]
    for versions in (machine.versions, *(one.versions for one in session.environments)):
        names += [*versions, *versions.values()]
    names += [conditions.governor or "", *conditions.busy] if conditions else []
    for cell in plan.cells:
        names += [value for value in asdict(cell).values() if isinstance(value, str)]
    names += [one.name for one in plan.environments]
    names += [text for facts in plan.operations for text in (facts.name, facts.theme)]
    bad = next((name for name in names if not is_label(name)), None)
    if bad is not None:
        yield f"the name {bad!r} cannot be shown in a table; letters, digits and . _ - are enough"
    if place := next((name for name in plan.files if {*"/\\"} & {*name}), None):
        yield (
            f"the file {place!r} is named with its folders, which a bundle must not reveal; run "
            "crawlbench in the folder that contains the file"
        )
    if conditions and {*conditions.busy} - {BUSY}:
        yield (
            f"it names the busy process {conditions.busy[0]!r}; a bundle that `crawlbench submit` "
            f"writes says {BUSY!r}"
        )


def _unshipped(plan: Plan) -> Iterator[str]:
    """Yield sentences about what belongs to users, so that nobody else can measure it."""
    crawls = [cell for cell in plan.cells if not cell.operation]
    loops = {cell.event_loop for cell in plan.cells if cell.event_loop}
    for kind, names in (
        (registry.Kind.SITE, {cell.site for cell in crawls}),
        (registry.Kind.PARSER, {cell.parser for cell in crawls}),
        (registry.Kind.EVENT_LOOP, loops),
    ):
        for name in sorted(names):
            # A family has a plug-in for any name, but not each name is a site of it.
            if not is_shipped(kind, name) or (
                kind is registry.Kind.SITE and not digest_of_site(name)
            ):
                yield (
                    f"the {kind.noun} {name!r} does not come with crawlbench, so nobody could "
                    "measure it again; only strategies may be your own"
                )
    for name in sorted({cell.network for cell in crawls}):
        if not find_shipped(name):
            known = ", ".join(NETWORKS)
            yield f"the network {name!r} does not come with crawlbench; known: {known}"


def _foreign_code(content: Content) -> Iterator[str]:
    """Yield sentences about sites and strategies that are not ours, but have our names."""
    cells = [cell for cell in content.session.plan.cells if not cell.operation]
    # What is not shipped has no digest here, and has been refused by `_unshipped`.
    for site in dict.fromkeys(cell.site for cell in cells):
        told, ours = content.sites.get(site, ""), digest_of_site(site)
        if ours and told != ours:
            yield (
                f"a right crawl of {site!r} has the digest {ours[:12]} here, the bundle says "
                f"{told[:12] or 'nothing'}: another site was measured; measure this one"
            )
    for name in dict.fromkeys(cell.strategy for cell in cells):
        source, ours = content.strategies.get(name), digest_of_strategy(name)
        if source is None:
            yield f"the bundle does not say what code {name!r} was; submit the session again"
        elif ours and source.digest != ours:
            yield (
                f"the strategy {name!r} has the digest {ours[:12]} here, the bundle says "
                f"{source.digest[:12]}: other code was measured; keep tuned code in its own file"
            )
        elif not ours and hash_source(source.text) != source.digest:
            yield f"the code of {name!r} is not what its digest says; submit the session again"
        elif not ours and not source.text.strip():
            yield f"the code of {name!r} is missing; a tuned row shows what was measured"


def _own_words(content: Content) -> Iterator[str]:
    """Yield sentences about texts that a bundle brings and the table would show."""
    bare = content.session
    if content.command != due_command(bare):
        yield (
            f"its command is {content.command!r}, which does not measure it again; "
            "submit the session again"
        )
    if bare.warnings:
        yield (
            f"it brings a warning of its own, {bare.warnings[0].text!r}; warnings are drawn from "
            "its values: submit the session again"
        )
    if bare.comparisons or bare.summaries or bare.controls or bare.slots or bare.rounds:
        yield (
            "it brings conclusions beside its values, which nobody would read; "
            "submit the session again"
        )


def _needless(content: Content) -> Iterator[str]:
    """Yield a sentence about an entry of something that was not measured: it could say anything."""
    plan, session = content.session.plan, content.session
    names = {cell.name for cell in plan.cells}
    strategies = {cell.strategy for cell in plan.cells}
    for name, source in content.strategies.items():
        if source.text and digest_of_strategy(name):
            yield f"it brings code for {name!r}, which comes with crawlbench; submit it again"
    for what, found, known in (
        ("the digest of the code of", content.strategies, strategies),
        ("the digest of", content.sites, {cell.site for cell in plan.cells}),
        ("a model for", session.models, strategies),
        ("a ceiling for", session.ceilings, {*plan.baselines}),
        ("numbers for", session.networks, {cell.network for cell in plan.cells}),
        ("a parser of HTTP for", session.http_parsers, names),
        ("loops for", session.loops, names),
        ("laps for", {**session.passes, **session.long_every}, {*plan.baselines}),
        ("rest for", session.resting, names),
        ("code of", session.codes, strategies | {cell.parser for cell in plan.cells}),
    ):
        if odd := sorted(found.keys() - known):
            yield f"it brings {what} {odd[0]!r}, which was not measured; submit the session again"
            return


def _false_claims(content: Content, session: Session) -> Iterator[str]:
    """Yield a sentence if a bundle claims something that its own values do not show."""
    found = claims_of(session)
    if content.claims == found:
        return
    mine = {(one.cell, one.quantity): one for one in content.claims}
    for one in found:
        told = mine.get((one.cell, one.quantity))
        if told != one:
            yield (
                f"for {one.cell!r} it claims {_tell(told)}, but its values show {_tell(one)}; "
                "submit the session again"
            )
            return
    yield "it makes claims about cells that it does not have; submit the session again"


def _tell(claim: Claim | None) -> str:
    """Return a claim in words."""
    if claim is None:
        return "nothing"
    if claim.estimate is None:
        return claim.verdict
    ends = claim.ends or (claim.estimate, claim.estimate)
    # A forged claim may hold any number; beyond END its exponential would be infinite.
    ratio, low, high = (f"{math.exp(min(one, END)):.4g}" for one in (claim.estimate, *ends))
    return f"{claim.verdict}, {ratio} of the baseline ({low} to {high})"
