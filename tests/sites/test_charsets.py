"""Where a page is not in the encoding that it says, to the byte."""

from __future__ import annotations

import codecs

import pytest

from crawlbench.sites.charsets import decode_strictly, find_label, find_undecodable

PIECE = 2**20
TEXTS = {
    "utf-8": ("utf-8", "电影 €𠮷 "),
    "gb2312": ("gb18030", "朱镕基 𠮷 € "),
    "big5": ("big5hkscs", "電影 喺 嘅 "),
    "x-sjis": ("cp932", "①髙﨑 ㈱ "),
    "euc-jp": ("euc_jp", "映画 ｱｲｳ "),
    "iso-2022-jp": ("iso2022_jp", "映画 abc "),
    "ks_c_5601-1987": ("cp949", "영화 똠방 "),
    "latin1": ("cp1252", "naïve… € "),
    "koi8-r": ("koi8-r", "кино "),
    "utf-16le": ("utf-16-le", "电影 𠮷 "),
}


@pytest.mark.parametrize("label", TEXTS)
def test_a_large_page_is_whole_wherever_its_pieces_meet(label):
    """Letters of several bytes lie across the borders, one or two bytes to either side."""
    codec, text = TEXTS[label]
    for shift in range(4):
        letters = "a" * shift + text * (PIECE // len(text.encode(codec)) + 20)
        body = letters.encode(codec)
        assert len(body) > PIECE
        assert find_undecodable(body, find_label(label)) is None
        assert decode_strictly(body, find_label(label)) == letters


@pytest.mark.parametrize("before", [0, 7, PIECE - 1, PIECE, PIECE + 5, 2 * PIECE + 3])
@pytest.mark.parametrize(
    ("label", "wrong"),
    [
        ("utf-8", b"\xff"),
        ("utf-8", b"\xed\xa0\x80"),
        ("gb2312", b"\xff "),
        ("big5", b"\xff "),
        ("euc-jp", b"\xff "),
    ],
)
def test_the_byte_is_named_at_which_a_page_is_wrong(label, wrong, before):
    """Counted from the begin of the page, also in a later piece."""
    at, reason = find_undecodable(b"a" * before + wrong + b"b" * 100, find_label(label))
    assert at == before
    assert reason


def test_a_mark_counts_as_bytes_and_says_the_encoding():
    """Whatever else the page says."""
    body = codecs.BOM_UTF8 + b"abc\xff"
    assert find_undecodable(body, "gbk")[0] == 6
    assert find_undecodable(codecs.BOM_UTF8 + "页".encode(), "gbk") is None


def test_a_page_that_ends_within_a_letter_is_wrong_there():
    """The last piece has no other to go on in."""
    assert find_undecodable("ab页".encode()[:-1], "utf-8")[0] == 2
    assert find_undecodable(b"", "utf-8") is None


def test_what_the_standard_knows_and_python_does_not_is_right_across_pieces():
    """Control characters of windows-1252, a digit in a circle of EUC-JP, the old euro of GBK."""
    for label, letter in (("latin1", b"\x81"), ("euc-jp", b"\xad\xa1"), ("gb2312", b"\x80")):
        for before in range(PIECE - 3, PIECE + 1):
            assert find_undecodable(b"a" * before + letter + b"b" * 9, find_label(label)) is None


@pytest.mark.parametrize("label", ["gbk", "gb2312", "gb18030"])
def test_old_euro_sign_of_gbk_is_read(label):
    """One byte in Microsoft's code page; the standard's decoder takes it, as do its neighbours."""
    body = "价".encode("gbk") + b"\x80" + "5 元".encode("gbk") + b"\x81\x80\x80"
    assert decode_strictly(body, find_label(label)) == "价€5 元亐€"
    assert find_undecodable(b"a\xff", find_label(label))[0] == 1
