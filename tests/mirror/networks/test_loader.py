"""Networks from files: what is read, and in which sentence a bad one is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crawlbench.base.errors import UnknownNameError, UsageError
from crawlbench.mirror.networks import ANSWER_KINDS, DELIVERY_KINDS, NETWORKS, Network, find_network

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "networks.md"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a network's file and returns its path."""

    def write(text):
        path = tmp_path / "my.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def refusal(name):
    """Return the sentence with which a network is refused."""
    with pytest.raises(UsageError) as caught:
        find_network(name)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_ours_come_by_name():
    """All that the design names are there."""
    assert {"loopback", "lan", "wan", "far", "flaky", "wan-tls", "loopback-tls"} <= set(NETWORKS)
    assert find_network("wan") is NETWORKS["wan"]


def test_unknown_network_lists_the_known_ones():
    """One sentence with the value seen and what would work."""
    with pytest.raises(UnknownNameError, match=r"network 'moon'; known: far, flaky, .*FILE"):
        find_network("moon")
    with pytest.raises(UnknownNameError, match="did you mean 'wan'"):
        find_network("wann")


def test_file_of_a_user_is_read_by_its_path(write):
    """Every field, once."""
    network = find_network(
        write(
            """
            about = "mine"
            round_trip_s = 0.1
            distribution = "normal"
            jitter = 0.2
            connect_round_trips = 2
            connection_bytes_per_s = 1_000_000
            total_bytes_per_s = 2e6
            most_connections = 5
            keep_alive_requests = 10
            keep_alive_s = 4
            tls = true
            http2 = true
            [[faults]]
            kind = "429"
            rate = 0.5
            page = "/a*"
            times = 2
            retry_after_s = 3
            """
        )
    )
    assert (network.about, network.jitter, network.most_connections) == ("mine", 0.2, 5)
    assert (network.faults[0].kind, network.faults[0].retry_after_s) == ("429", 3)


def test_empty_file_is_a_network_without_delays(write):
    """All fields have defaults."""
    assert find_network(write("")) == Network()


def test_samples_come_from_a_file_beside(write, tmp_path):
    """One a line, in seconds; comments and blank lines are left out."""
    (tmp_path / "rtt.txt").write_text("# measured\n0.01\n\n0.03  # twice\n3e-2\n")
    network = find_network(write('samples = "rtt.txt"'))
    assert network.samples == (0.01, 0.03, 0.03)
    assert find_network(write("samples = [0.01, 0.02]")).samples == (0.01, 0.02)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("round_trip_s = -1", "Expected `float` >= 0.0 - at `$.round_trip_s`, seen: -1"),
        ("round_trip_s = 1e9", "Expected `float` <= 3600.0 - at `$.round_trip_s`, seen: 1"),
        ("round_trip_s = inf", "`$.round_trip_s`, seen: inf"),
        ("round_trip_s = nan", "`$.round_trip_s`, seen: nan"),
        ("round_trip_s = '40 ms'", "Expected `float`, got `str` - at `$.round_trip_s`, seen: '40"),
        ("jitter = 11", "Expected `float` <= 10.0 - at `$.jitter`, seen: 11"),
        ("jitter = nan", "`$.jitter`, seen: nan"),
        ("distribution = 'pareto'", "'pareto'"),
        ("distribution = 'samples'", "distribution = 'samples' without samples; name a file"),
        ("distribution = 'constant'\njitter = 0.1", "jitter = 0.1 with distribution = 'constant'"),
        ("samples = []\ndistribution = 'samples'", "without samples"),
        ("samples = [0.1]\njitter = 0.1", "samples together with another distribution"),
        ("samples = [0.1]\nround_trip_s = 0.2", "round_trip_s = 0.2 together with samples"),
        ("samples = [0.0]", "- at `$.samples[0]`, seen: 0.0"),
        ("samples = 'none.txt'", "no file of samples"),
        ("samples = '.'", "cannot be read: Is a directory"),
        ("connect_round_trips = 1.5", "`$.connect_round_trips`, seen: 1.5"),
        ("connection_bytes_per_s = 0", "`$.connection_bytes_per_s`, seen: 0"),
        ("total_bytes_per_s = 0.5", "`$.total_bytes_per_s`, seen: 0.5"),
        ("most_connections = 0", "`$.most_connections`, seen: 0"),
        ("keep_alive = 1", "`$.keep_alive`, seen: 1"),
        ("keep_alive = false\nkeep_alive_requests = 2", "leave one of them out"),
        ("keep_alive_s = 0", "`$.keep_alive_s`, seen: 0"),
        ("http2 = true", "http2 = true without TLS, with which clients negotiate it; set tls"),
        ("latency = 1", "unknown field `latency`; a network has about, round_trip_s, "),
        ("faults = 3", "Expected `array`, got `int` - at `$.faults`, seen: 3"),
        ("[[faults]]\nrate = 0.1", "missing required field `kind`"),
        ("[[faults]]\nkind = '404'", "`$.faults[0].kind`, seen: '404'"),
        ("[[faults]]\nkind = 403", "`$.faults[0].kind`, seen: 403"),
        ("[[faults]]\nkind = '403'\nrate = 5", "`$.faults[0].rate`, seen: 5"),
        ("[[faults]]\nkind = '403'\nrate = nan", "`$.faults[0].rate`, seen: nan"),
        ("[[faults]]\nkind = '403'\ntimes = 0", "`$.faults[0].times`, seen: 0"),
        ("[[faults]]\nkind = '403'\npage = ''", "`$.faults[0].page`, seen: ''"),
        ("[[faults]]\nkind = '403'\nodds = 1", "; a fault has kind, rate, page, times"),
        ("[[faults]]\nkind = '403'\nretry_after_s = 1", "only 429 and 503 say when to come back"),
        ("[[faults]]\nkind = '403'\n[[faults]]\nkind = '500'", "rates of faults add up to 2"),
        ("[[faults]", "it is not TOML: "),
        (b"about = '\xff'", "it is not TOML: "),
        ("\0", "it is not TOML: "),
    ],
)
def test_bad_file_is_refused_in_a_sentence(write, text, words):
    """It names the file, the place, the value seen and what would work."""
    path = write(text)
    sentence = refusal(path)
    assert words in sentence
    assert str(Path(path).parent) in sentence


def test_kind_of_fault_that_is_none_is_told_what_there_is(write):
    """The known kinds are listed."""
    sentence = refusal(write("[[faults]]\nkind = 'earthquake'"))
    assert all(kind in sentence for kind in (*ANSWER_KINDS, *DELIVERY_KINDS))
    sentence = refusal(write("distribution = 'pareto'"))
    assert all(kind in sentence for kind in ("constant", "normal", "log-normal", "samples"))


@pytest.mark.parametrize(
    ("content", "words"),
    [("0.1\nabc\n", "line 2 is 'abc'; it takes one number"), ("# none\n", "it has none")],
)
def test_bad_file_of_samples_is_refused_in_a_sentence(write, tmp_path, content, words):
    """It names that file."""
    (tmp_path / "rtt.txt").write_text(content)
    sentence = refusal(write('samples = "rtt.txt"'))
    assert words in sentence
    assert "rtt.txt" in sentence


def test_file_that_is_missing_or_a_folder_or_endless_is_refused(tmp_path, write):
    """The reason is the system's, in one sentence."""
    assert "no network" in refusal(str(tmp_path / "none.toml"))
    (tmp_path / "folder.toml").mkdir()
    assert "Is a directory" in refusal(str(tmp_path / "folder.toml"))
    assert "cannot be read" in refusal("a\0b.toml")
    assert "larger than" in refusal(write("#" * 2**23))


@pytest.mark.parametrize("ending", ["", "@30ms"])
def test_folder_of_a_file_may_have_an_at_in_its_name(tmp_path, ending):
    folder = tmp_path / "me@work@5ms"
    folder.mkdir()
    (folder / "mine.toml").write_text("round_trip_s = 0.02\n", encoding="utf-8")
    network = find_network(f"{folder}/mine.toml{ending}")
    assert network.round_trip_s == (0.03 if ending else 0.02)


def examples():
    """Return the TOML blocks of the document."""
    return re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", examples())
def test_examples_of_the_document_are_networks(write, tmp_path, example):
    """Whoever copies one has a network."""
    (tmp_path / "round-trips.txt").write_text("0.04\n")
    find_network(write(example))


def test_every_field_and_fault_is_in_the_document():
    """With a word on each, and set in an example."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for field in Network.__struct_fields__:
        assert f"`{field}`" in text
        assert any(re.search(rf"(?m)^{field} =|\[\[{field}\]\]", e) for e in examples()), field
    faults = (DOCUMENT.parent / "faults.md").read_text(encoding="utf-8")
    for kind in (*ANSWER_KINDS, *DELIVERY_KINDS):
        assert f"`{kind}`" in faults
