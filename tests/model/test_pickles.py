"""What crosses to another process and back is the same afterwards, and as immutable."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from aggregator.model.document import Document, Enclosure, Entry, FeedDate, Person, Tag, Text

DOCUMENT = Document(
    format="rss2.0",
    title=Text(value="T", type="html", base="http://a.example/"),
    entries=(
        Entry(
            guid="1",
            title=Text(value="标题"),
            published=FeedDate(at=datetime(2026, 1, 2, tzinfo=UTC), zone_known=False),
            authors=(Person(name="A"), Person(email="b@a.example")),
            tags=(Tag(term="t"),),
            enclosures=(Enclosure(url="http://a.example/x.mp3", length_bytes=3),),
        ),
    ),
)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_document_comes_back(protocol: int) -> None:
    assert pickle.loads(pickle.dumps(DOCUMENT, protocol)) == DOCUMENT


def test_what_came_back_is_frozen_and_can_be_replaced() -> None:
    back = copy.deepcopy(DOCUMENT)
    with pytest.raises(FrozenInstanceError):
        back.format = "x"  # type: ignore[misc]
    assert replace(back, format="atom1.0").entries == DOCUMENT.entries


def test_the_quick_way_is_the_one_that_is_taken() -> None:
    """The slow one pickles a list of values and has the class set them one by one, by name."""
    assert b"_revived" in pickle.dumps(Text(value="x"))
