"""Which longer sites are crawled beside a plan's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crawlbench.base.errors import UnknownNameError, UsageError
from crawlbench.base.records import Cell, Environment, LongForm
from crawlbench.measure.lengths import find_long_forms, read_long_forms, require_places
from crawlbench.measure.matrix import make_plan
from crawlbench.measure.suite import Suite, load_suite
from crawlbench.mirror.responses import KEPT_BYTES, SHARE_MADE_BEFOREHAND, Responses
from crawlbench.plugins import registry

TWO_LENGTHS = {
    "strategies": ("requests-serial", "aiohttp-gather", "limit-socket"),
    "baseline": "requests-serial",
    "networks": ("loopback", "wan"),
    "long_forms": {"douban-top250/*": "douban-x100", "douban-top250/wan*": "douban-x30"},
}


def test_each_compared_cell_has_its_long_form_in_its_group():
    """The twins' too; the reference is compared with nothing and has none."""
    plan = make_plan("x", Suite(**TWO_LENGTHS))
    assert plan.long_forms == {
        "douban-top250/loopback": LongForm("douban-x100", 100, 10),
        "douban-top250/wan": LongForm("douban-x30", 30, 10),  # the last glob that fits
    }
    own = [c for c in plan.own_cells if c.strategy != "limit-socket"]
    assert set(plan.long_names) == {cell.name for cell in own}
    for cell in (cell for cell in plan.cells if cell.long_of):
        short = plan.cell(cell.short_name)
        assert (cell.group, cell.control) == (short.group, short.control)
        assert cell.place == f"{plan.long_forms[cell.group].site}/{cell.network}"


def test_same_site_of_its_own_keeps_its_name_and_group():
    """`--site` may name what is another site's long form, too."""
    plan = make_plan("x", Suite(**{**TWO_LENGTHS, "sites": ("douban-top250", "douban-x100")}))
    names = [cell.name for cell in plan.cells]
    assert len(names) == len(set(names))
    assert set(plan.baselines) == {
        f"{site}/{network}"
        for site in ("douban-top250", "douban-x100")
        for network in ("loopback", "wan")
    }


def test_environment_that_would_be_called_like_a_long_form_is_refused():
    """Its values would be counted as those of the other environment's longer site."""
    environments = [Environment("base"), Environment("base/long")]
    suite = Suite(**{**TWO_LENGTHS, "sites": ("douban-top250", "douban-x100")})
    with pytest.raises(UsageError, match=r"two cells would be called '.*/douban-x100/@base/long'"):
        make_plan("x", suite, environments=environments)


def test_environments_against_each_other_have_long_forms_in_their_own_groups():
    """There a group is one cell in all environments."""
    environments = [Environment("base"), Environment("head")]
    suite = Suite(**{**TWO_LENGTHS, "networks": ("loopback",)})
    plan = make_plan("x", suite, environments=environments, is_versus=True)
    for cell in (cell for cell in plan.cells if cell.long_of):
        assert cell.group == plan.cell(cell.short_name).group
        assert cell.environment == plan.cell(cell.short_name).environment


def test_sites_that_no_glob_fits_have_one_length():
    """What was asked for instead of the suite's site is crawled as it is."""
    plan = make_plan("x", Suite(**{**TWO_LENGTHS, "sites": ("index",)}))
    assert not plan.long_forms
    assert plan.cells == plan.own_cells


@pytest.mark.parametrize(
    ("long", "said"),
    [
        ("douban-x10", "'douban-x10' has 10 pages, so it cannot be a long form of douban-top250"),
        ("./mine.toml", "'./mine.toml' cannot be a long form"),
    ],
)
def test_long_form_that_is_none_is_refused(long, said):
    """The message says what would do."""
    cell = Cell("douban-top250", "wan", "requests-serial", None, "lxml", 10)
    with pytest.raises(UsageError, match=said) as refusal:
        find_long_forms([cell], {"*": long})
    assert "douban-x100" in str(refusal.value)


def test_long_form_that_does_not_exist_is_refused():
    """As any other site."""
    cell = Cell("douban-top250", "wan", "requests-serial", None, "lxml", 10)
    with pytest.raises(UnknownNameError, match="nowhere"):
        find_long_forms([cell], {"*": "nowhere"})


def test_long_forms_are_read_from_options():
    """None means that nobody asked, `none` that one length is wanted."""
    assert read_long_forms(None) is None
    assert read_long_forms(["none"]) == {}
    assert read_long_forms(["a/*=b", "a/wan=c"]) == {"a/*": "b", "a/wan": "c"}


@pytest.mark.parametrize("text", ["douban-x100", "=douban-x100", "douban-top250/*=", "none=", ""])
def test_option_that_names_no_site_is_refused(text):
    """With the value, and how it is written."""
    with pytest.raises(UsageError, match="SITE/NETWORK=LONGER"):
        read_long_forms([text, "none"] if text == "" else [text])


@pytest.mark.parametrize(("name", "longest"), [("default", 40), ("clients", 100), ("quick", None)])
def test_suites_have_the_lengths_that_their_documents_say(name, longest):
    """The long form is shorter where round trips rule."""
    suite = load_suite(name)
    cells = [
        Cell("douban-top250", network, "requests-serial", None, "lxml", 10)
        for network in ("loopback", "loopback-tls", "lan", "wan", "wan-tls", "far", "lan@80ms")
    ]
    forms = find_long_forms(cells, suite.long_forms)
    pages = {group.partition("/")[2]: form.pages for group, form in forms.items()}
    near = dict.fromkeys(("loopback", "loopback-tls", "lan"), longest)
    far = dict.fromkeys(("wan", "wan-tls", "far", "lan@80ms"), 30)
    assert pages == ({**near, **far} if longest else {})


@pytest.mark.parametrize("name", ["douban-top250", "douban-x30", "douban-x100"])
def test_both_lengths_are_served_from_answers_made_beforehand(name):
    """Else the mirror would be busier with the pages of the one than with those of the other."""
    spec = registry.load(registry.Kind.SITE, name)
    responses = Responses(spec.pages())
    responses.make_beforehand()
    made = responses._rendered
    assert len(made._kept) == 2 * spec.expected_pages  # for a new visitor, and for one who is known
    assert made.bytes < KEPT_BYTES * SHARE_MADE_BEFOREHAND


def test_two_sites_are_a_middle_and_a_long_form():
    """Both are crawled by each cell that is compared, under names of their own."""
    wanted = {**TWO_LENGTHS, "long_forms": {"douban-top250/*": "douban-x30, douban-x100"}}
    plan = make_plan("x", Suite(**wanted))
    form = LongForm("douban-x100", 100, 10, "douban-x30", 30)
    assert set(plan.long_forms.values()) == {form}
    assert form.lengths == (10, 30, 100)
    assert set(plan.middle_names) == set(plan.long_names)
    assert not set(plan.middle_names.values()) & set(plan.long_names.values())
    names = [cell.name for cell in plan.cells]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        ("douban-x100,douban-x30", "'douban-x30' has 30 pages, so it cannot be a long form of"),
        ("douban-x30,douban-x30", "'douban-x30' has 30 pages, so it cannot be a long form of"),
        ("douban-x20,douban-x30,douban-x100", "names 3 sites; name one, or one in between"),
        ("douban-x30,", "unknown site ''"),
    ],
)
def test_middle_that_is_none_is_refused(sites, said):
    """The three lengths must grow."""
    cell = Cell("douban-top250", "wan", "requests-serial", None, "lxml", 10)
    with pytest.raises(UsageError, match=said):
        find_long_forms([cell], {"*": sites})


def test_long_form_that_was_typed_has_to_fit_something():
    """A mistake in its name would otherwise measure one length, and nobody would be told."""
    plan = make_plan("x", Suite(**TWO_LENGTHS))
    require_places(None, plan)
    require_places({"*/wan": "douban-x100"}, plan)
    with pytest.raises(UsageError, match=r"'\*/lan' fits no .* douban-top250/loopback, "):
        require_places({"*/wan": "douban-x100", "*/lan": "douban-x100"}, plan)
    operations = make_plan("x", load_suite("loops"))
    with pytest.raises(UsageError, match="it has no sites at all"):
        require_places({"*": "douban-x100"}, operations)


@pytest.mark.parametrize(
    ("glob", "is_possible"),
    [
        ("index/*", True),
        ("index*", True),
        ("d*/far", True),
        ("douban-x*/lan", True),
        ("douban-x30/lan", True),
        ("body-64k/wan@10ms", True),
        ("index/hotel.toml@5ms", True),
        ("mine.toml/*", True),
        ("douban-top250", False),
        ("douban-top25/*", False),
        ("douban-top250/wlan", False),
        ("index/wan@soon", False),
        ("", False),
    ],
)
def test_long_form_of_a_suite_has_to_fit_something_that_can_be_chosen(glob, is_possible):
    """What fits only other sites and networks is kept for those who choose them."""
    cell = Cell("douban-top250", "wan", "requests-serial", None, "lxml", 10)
    if is_possible:
        assert not find_long_forms([cell], {glob: "douban-x100"})
        return
    with pytest.raises(UsageError, match=r"fits no site and network of .* it has douban-"):
        find_long_forms([cell], {glob: "douban-x100"})


def test_long_form_of_a_site_of_ones_own_is_refused_if_it_was_typed():
    own = Cell("mine.toml", "loopback", "requests-serial", None, "lxml", 1)
    plan = make_plan("x", Suite(**TWO_LENGTHS))
    with pytest.raises(UsageError, match=r"fits only mine\.toml, a site of your own"):
        require_places({"mine*": "douban-x100"}, replace(plan, cells=(own,)))
