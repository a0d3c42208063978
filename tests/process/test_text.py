"""Plain text: scrubbing, shortening, and text as HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.process import text

ANY = st.text(st.characters(), max_size=200)  # surrogates and noncharacters included


@given(ANY)
def test_scrubbed_text_goes_into_xml(given_text: str) -> None:
    scrubbed = text.scrub(given_text)
    element = etree.Element("x")
    element.text = scrubbed
    assert etree.fromstring(etree.tostring(element)).text == (scrubbed or None)
    assert text.scrub(scrubbed) == scrubbed


FORBIDDEN = (0x00, 0x08, 0x0E, 0x1F, 0x7F, 0x80, 0x9F, 0xD800, 0xDFFF, 0xFDD0, 0xFFFE, 0x1FFFF, 0x10FFFE)


@pytest.mark.parametrize("number", FORBIDDEN, ids=hex)
def test_scrub_removes(number: int) -> None:
    assert text.scrub(f"a{chr(number)}b漢") == "ab漢"
    assert text.scrub(f"a{chr(number)}b") == "ab"


@pytest.mark.parametrize("number", [0x0B, 0x0C], ids=hex)
def test_scrub_joins_no_words(number: int) -> None:
    assert text.scrub(f"a{chr(number)}b漢\x01") == "a b漢"
    assert text.line(f"a{chr(number)}{chr(number)}b", 9) == "a b"


def test_scrub_keeps_the_rest() -> None:
    kept = "a\tb\nc\x85\xa0é漢字，עברית\u202e\u200d😀𠀀\ufffd\ufffc"
    assert text.scrub(kept) == kept
    assert text.scrub("a\r\nb\rc") == "a\nb\nc"


@pytest.mark.parametrize(
    ("given_text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("abcdefghij", 5, "abcd…"),
        ("漢字漢字漢字", 4, "漢字漢…"),
        ("abcdefe\u0301x", 8, "abcdef…"),
        ("abc👩\u200d💻defg", 6, "abc…"),
    ],
)
def test_shorten(given_text: str, limit: int, expected: str) -> None:
    assert text.shorten(given_text, limit) == expected


@given(ANY, st.integers(1, 50))
def test_shortened_is_within_the_limit(given_text: str, limit: int) -> None:
    assert len(text.shorten(given_text, limit)) <= limit


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("a", "<p>a</p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("a\n\n \n\nb\r\nc", "<p>a</p><p>b<br>c</p>"),
        ("1 < 2 & <b>", "<p>1 &lt; 2 &amp; &lt;b&gt;</p>"),
        ("  \n ", ""),
    ],
)
def test_as_html(given_text: str, expected: str) -> None:
    assert text.as_html(given_text) == expected


def test_lines_of_markup() -> None:
    assert text.lines_of("<div>a <b>b</b></div><script>x</script><p>c &amp; d</p>") == "a b\nc & d"
