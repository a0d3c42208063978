"""What every XML format asks of an element before it is mapped."""

from __future__ import annotations

import time

import pytest
from lxml import etree

from aggregator.parse import rss
from aggregator.parse.elements import MAX_ATTRIBUTES, attribute, attributes, pairs


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('href=" a "', "a"),
        ('HREF="a"', "a"),
        ('x:href="a"', "a"),
        ('x:href="b" href="a"', "a"),
        ('href="a" x:href="b"', "a"),
        ('href="  "', None),
        ("", None),
    ],
)
def test_one_attribute_and_all_of_them_agree(written: str, expected: str | None) -> None:
    element = etree.fromstring(f'<link xmlns:x="urn:x" {written}/>')
    assert attribute(element, "href") == expected
    assert attributes(element).get("href") == expected


def test_a_tag_of_tens_of_thousands_of_attributes_holds_nobody_up() -> None:
    """lxml's own list of them costs the square of their number: half a minute for these."""
    many = " ".join(f"a{number}='{number}'" for number in range(90_000))
    root = etree.fromstring(f"<rss><channel><item {many}><title {many}>T</title></item></channel></rss>")
    started = time.process_time()
    [entry] = rss.read(root, None).entries
    element = root[0][0]
    assert len(pairs(element)) == len(attributes(element)) == MAX_ATTRIBUTES
    assert attribute(element, "a89999") == "89999"
    assert time.process_time() - started < 5
    assert entry.title is not None
    assert entry.title.value == "T"
