"""Bodies that were sent in chunks are put together, by the sizes that HTTP has."""

import pytest

from crawlbench.archive.decode import UNDONE, decode_body


@pytest.mark.parametrize("size", [b"3", b"03", b"3 ", b"3;a=b", b"3 ; a"])
def test_sizes_of_chunks(size):
    """Hexadecimal digits, with zeros before and an extension behind them."""
    leniencies = []
    body = size + b"\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
    assert decode_body(body, ["chunked"], [], leniencies) == b"abc0123456789"
    assert leniencies == []


@pytest.mark.parametrize("size", [b"0x3", b"0X3", b"+3", b"-3", b"0_3", b"3_0", b"", b"g", b"\xb3"])
def test_what_is_no_size(size):
    """Only Python reads these as numbers; the body was not sent in chunks at all."""
    leniencies = []
    body = size + b"\r\nabc\r\n0\r\n\r\n"
    assert decode_body(body, ["chunked"], [], leniencies) == body
    assert leniencies == [UNDONE]
