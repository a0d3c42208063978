"""What is read of a long document, and of an entry with very many parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.crawl import bounds
from aggregator.model.document import Document, Drop, Entry, Extension, FeedDate, Person, Tag, counted

NOW = datetime(2026, 8, 20, tzinfo=UTC)


def entry(number: int, days: int | None) -> Entry:
    at = None if days is None else FeedDate(at=NOW + timedelta(days=days))
    return Entry(guid=f"{number}", published=at if number % 2 else None, updated=at)


@pytest.mark.parametrize(
    ("days", "read"),
    [
        ((5, 4, 3, 2, 1), ["0", "1", "2"]),
        ((1, 2, 3, 4, 5), ["2", "3", "4"]),
        ((-900, 4, 3, 2, 1), ["0", "1", "2"]),  # one that is pinned to the top
        ((None, 1, None, 2, 3), ["2", "3", "4"]),
        ((None,) * 5, ["0", "1", "2"]),
        ((7,) * 5, ["0", "1", "2"]),
        ((1, 2, 3), ["0", "1", "2"]),
    ],
)
def test_the_newest_entries_are_read_whichever_end_they_stand_at(
    monkeypatch: pytest.MonkeyPatch, days: tuple[int | None, ...], read: list[str]
) -> None:
    monkeypatch.setattr(bounds, "MAX_ENTRIES", 3)
    entries = tuple(entry(number, day) for number, day in enumerate(days))
    found = bounds.bounded(Document(format="rss2.0", entries=entries))
    assert [one.guid for one in found.entries] == read
    assert sorted([*read, *(drop.ref for drop in found.drops)]) == [one.guid for one in entries]
    assert {drop.reason for drop in found.drops} <= {"too-many"}


def test_of_very_many_that_are_left_out_each_is_counted_and_few_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MAX_ENTRIES", 3)
    monkeypatch.setattr(bounds, "NAMED_DROPS", 2)
    before = tuple(Drop(stage="parse", reason="empty", detail=f"item {number}") for number in range(4))
    entries = tuple(entry(number, None) for number in range(10))
    found = bounds.bounded(Document(format="rss2.0", entries=entries, drops=before))
    assert found.drops == (
        *before[:2],
        Drop(stage="parse", reason="empty", detail="and 2 more", count=2),
        Drop(stage="admit", reason="too-many", detail="and 7 more", count=7),
    )
    assert counted(found.drops) == 11
    assert bounds.bounded(found) == found


def test_of_very_many_parts_the_first_are_read_and_the_others_noted() -> None:
    nested = Extension(namespace="urn:n", name="n", children=(Extension(namespace="urn:n", name="c"),) * 5000)
    entry = Entry(
        guid="e",
        tags=tuple(Tag(term=f"{number}") for number in range(30_000)),
        authors=(Person(name="a"),) * 3,
        extensions=(nested, nested),
    )
    document = Document(format="rss2.0", entries=(entry, Entry(guid="f")), tags=entry.tags)
    found = bounds.bounded(document)
    (read, other) = found.entries
    assert read.tags == found.tags == entry.tags[: bounds.MAX_PARTS["tags"]]
    assert (read.authors, other) == (entry.authors, Entry(guid="f"))
    (kept,) = read.extensions
    assert len(kept.children) == bounds.MAX_EXTENSIONS - 1
    assert [(drop.reason, drop.ref, drop.detail) for drop in found.drops] == [
        ("too-many-tags", "", "29800 more"),
        ("too-many-tags", "e", "29800 more"),
        ("too-many-extensions", "e", "9202 more"),
    ]
    assert bounds.bounded(found) == found
