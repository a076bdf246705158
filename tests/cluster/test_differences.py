"""In what machines differ, said in a list."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec

from crawlbench.cluster.fingerprint import describe_differences, take_fingerprint
from tests.cluster.blocks import make_machine
from tests.stats.builders import BASELINE, CONTROL, MACHINE, make_plan, other

PLAN = make_plan(other("a"))


def fingerprint(name, *, versions=None, python=MACHINE.python, **changes):
    found = make_machine(name, **changes).fingerprint
    machine = replace(
        found.machine, python=python, versions={**MACHINE.versions, **(versions or {})}
    )
    return replace(found, machine=machine)


def test_equal_machines_of_other_hardware_do_not_differ():
    """Another CPU is why there are many machines."""
    machines = {"a": fingerprint("a"), "b": fingerprint("b", cpu_model="ARM", architecture="arm64")}
    assert describe_differences(machines, PLAN) == []


def test_versions_python_crawlbench_and_files_are_listed():
    """Each with who has what; what is not there is absent."""
    machines = {
        "a": fingerprint("a", digest="111", files={"my.toml": "1"}),
        "b": fingerprint("b", versions={"aiohttp": "1.0", "extra": "2"}, python="CPython 3.12.1"),
        "c": fingerprint("c", digest="111", files={"my.toml": "1"}),
    }
    assert describe_differences(machines, PLAN) == [
        "crawlbench's files: 111 on a and c, abc on b",
        "my.toml: 1 on a and c, absent on b",
        "Python: CPython 3.13.0 on a and c, CPython 3.12.1 on b",
        "aiohttp: 3.14.5 on a and c, 1.0 on b",
        "extra: absent on a and c, 2 on b",
    ]


def test_file_that_is_nowhere_is_a_difference():
    """It is here, and would be missing in each block."""
    machines = {"a": fingerprint("a", files={"my.toml": "absent"})}
    assert describe_differences(machines, PLAN) == ["my.toml: absent on a"]


def test_environments_decide_on_python_and_packages():
    """Then the machines' own may differ; crawlbench may not."""
    cells = [replace(c, environment="e") for c in (BASELINE, other("a"), CONTROL)]
    plan = make_plan(cells=tuple(cells), baselines={"site/net": cells[0].name})
    machines = {"a": fingerprint("a"), "b": fingerprint("b", python="CPython 3.12.1")}
    assert describe_differences(machines, plan) == []
    machines["b"] = replace(machines["b"], digest="222")
    assert describe_differences(machines, plan) == ["crawlbench's files: abc on a, 222 on b"]


def test_many_differences_are_counted():
    """A dozen is enough to see what is wrong."""
    versions = {f"package-{n}": "1" for n in range(20)}
    found = describe_differences(
        {"a": fingerprint("a"), "b": fingerprint("b", versions=versions)}, PLAN
    )
    assert (len(found), found[-1]) == (13, "and 8 more")


def test_networks_of_a_user_are_told_apart_by_what_they_play(tmp_path):
    """Not by their words; a file of samples counts, and so does a round trip beside the name."""
    network, sampled = tmp_path / "net.toml", tmp_path / "sampled.toml"
    names = {axis: [] for axis in ("strategy", "event_loop", "parser", "site")}
    names["network"] = ["wan@9ms", str(network), f"{network}@5ms", str(sampled)]

    def digests(plain, samples):
        network.write_text(plain)
        sampled.write_text('distribution = "samples"\nsamples = "samples.txt"\n')
        (tmp_path / "samples.txt").write_text(samples)
        return list(take_fingerprint(names).files.values())

    first = digests("round_trip_s = 0.04\n", "0.1\n")
    assert len(set(first)) == 3
    assert digests('about = "The same."\nround_trip_s = 0.04\n', "0.1 # too\n") == first
    second = digests("round_trip_s = 0.08\n", "0.2\n")
    assert [one == two for one, two in zip(first, second, strict=True)] == [False, True, False]
    assert digests("round_trip_s = 'slow'\n", "0.1\n")[0] == "absent"


def test_fingerprints_are_json():
    """What `cluster.json` holds of a machine can be read by others."""
    names = {"strategy": ["aiohttp-gather", "unknown"], "event_loop": ["uvloop"]}
    names |= {"parser": ["lxml"], "site": ["none.toml"], "network": ["wan"]}
    one = take_fingerprint(names)
    found = json.loads(msgspec.json.encode(one))
    assert found["files"] == {"none.toml": "absent"}
    assert found["machine"]["versions"]["strategy unknown"] == "absent"
    assert {"aiohttp", "uvloop", "lxml"} <= found["machine"]["versions"].keys()
