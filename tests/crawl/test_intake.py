"""Which entries of a long document are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.crawl import intake
from aggregator.model.document import Document, Entry, FeedDate

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
    monkeypatch.setattr(intake, "MAX_ENTRIES", 3)
    entries = tuple(entry(number, day) for number, day in enumerate(days))
    kept, drops = intake.capped(Document(format="rss2.0", entries=entries))
    assert [one.guid for one in kept] == read
    assert sorted([*read, *(drop.ref for drop in drops)]) == [one.guid for one in entries]
    assert {drop.reason for drop in drops} <= {"too-many"}
