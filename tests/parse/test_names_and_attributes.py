"""What every XML format asks of an element before it is mapped."""

from __future__ import annotations

import pytest
from lxml import etree

from aggregator.parse.elements import attribute, attributes


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
