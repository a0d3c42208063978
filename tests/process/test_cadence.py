"""When to look again: bounds, obedience, and a year of virtual time against docs/cadence.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.document import Hints
from aggregator.model.source import SourceState
from aggregator.process import cadence

NOW = datetime(2026, 11, 2, 10, 30, tzinfo=UTC)  # a Monday
HOUR, DAY = 3600.0, 86400.0
PAGE = Path(__file__).parents[2] / "docs" / "cadence.md"


def after(
    result: str = "fetched",
    *,
    state: SourceState | None = None,
    hints: Hints | None = None,
    max_age_s: float | None = None,
    retry_after_s: float | None = None,
    every_s: float = HOUR,
    min_every_s: float = 300.0,
    name: str = "acme",
    now: datetime = NOW,
) -> cadence.Next:
    return cadence.next_check(
        name=name,
        every_s=every_s,
        max_every_s=8 * HOUR,
        min_every_s=min_every_s,
        state=state or SourceState(last_new_at=now),
        hints=hints or Hints(),
        max_age_s=max_age_s,
        retry_after_s=retry_after_s,
        result=result,
        now=now,
    )


def wait_s(found: cadence.Next, now: datetime = NOW) -> float:
    return (found.next_check_at - now).total_seconds()


@pytest.mark.parametrize(
    ("quiet_days", "least_s"), [(0, HOUR), (1, 2.4 * HOUR), (2, 4.8 * HOUR), (4, 8 * HOUR), (400, 8 * HOUR)]
)
def test_a_quiet_source_is_asked_less_often(quiet_days: int, least_s: float) -> None:
    found = after(state=SourceState(last_new_at=NOW - timedelta(days=quiet_days)))
    assert least_s <= wait_s(found) < least_s * 1.1
    assert found.fresh_until_at is found.hold_until_at is None


def test_a_source_that_never_had_anything_is_asked_seldom() -> None:
    assert wait_s(after(state=SourceState())) >= 8 * HOUR


@pytest.mark.parametrize(("failures", "least_s"), [(0, 2 * HOUR), (1, 2 * HOUR), (3, 8 * HOUR), (99999, DAY)])
def test_failures_back_off_to_a_day(failures: int, least_s: float) -> None:
    found = after("failed", state=SourceState(failures=failures, last_new_at=NOW), max_age_s=3 * DAY)
    assert least_s <= wait_s(found) < least_s * 1.1
    assert found.fresh_until_at is None


@pytest.mark.parametrize(
    ("hints", "max_age_s", "least_s"),
    [
        (Hints(), 3 * HOUR, 3 * HOUR),
        (Hints(interval_s=2 * HOUR), 3 * HOUR, 3 * HOUR),
        (Hints(interval_s=5 * HOUR), 3 * HOUR, 5 * HOUR),
        (Hints(), 100 * 365 * DAY, 7 * DAY),
        (Hints(interval_s=1e300), None, 7 * DAY),
    ],
)
def test_the_publishers_word_within_a_week(hints: Hints, max_age_s: float | None, least_s: float) -> None:
    found = after(hints=hints, max_age_s=max_age_s)
    assert least_s <= wait_s(found) < least_s * 1.1
    assert found.fresh_until_at == NOW + timedelta(seconds=least_s)


def test_a_short_max_age_shortens_nothing() -> None:
    assert wait_s(after(max_age_s=60.0)) >= HOUR


@pytest.mark.parametrize(("asked_s", "held_s"), [(120.0, 120.0), (5 * DAY, 5 * DAY), (1e12, 30 * DAY)])
def test_retry_after_is_held(asked_s: float, held_s: float) -> None:
    found = after("failed", state=SourceState(failures=1, last_new_at=NOW), retry_after_s=asked_s)
    assert found.hold_until_at == NOW + timedelta(seconds=held_s)
    assert found.next_check_at >= found.hold_until_at


def test_the_floor() -> None:
    assert wait_s(after(every_s=1.0)) >= 300.0
    assert 1.0 <= wait_s(after(every_s=1.0, min_every_s=1.0)) < 1.1


def test_skipped_hours_and_days() -> None:
    found = after(hints=Hints(skip_hours=(10, 11, 12)))
    assert found.fresh_until_at == NOW.replace(hour=13, minute=0)
    assert 13 * 60 <= (found.next_check_at.hour * 60 + found.next_check_at.minute) < 13 * 60 + 10
    found = after(hints=Hints(skip_days=(0, 1), skip_hours=(0,)))
    assert found.fresh_until_at == datetime(2026, 11, 4, 1, tzinfo=UTC)
    everything = Hints(skip_days=tuple(range(7)), skip_hours=tuple(range(24)))
    assert wait_s(after(hints=everything)) < 1.1 * HOUR


def test_the_spread_is_repeatable_and_differs_by_name() -> None:
    assert after(name="a") == after(name="a")
    waits = [wait_s(after(name=f"source-{number}")) for number in range(50)]
    assert len(set(waits)) == 50
    assert all(HOUR <= one < 1.1 * HOUR for one in waits)


SECONDS = st.one_of(st.none(), st.floats(-1e9, 1e12))


@given(
    result=st.sampled_from(["fetched", "not_modified", "unchanged", "failed"]),
    failures=st.integers(0, 10**6),
    quiet_s=st.integers(-(10**6), 10**9),
    interval_s=SECONDS,
    max_age_s=SECONDS,
    retry_after_s=SECONDS,
    skip_hours=st.lists(st.integers(0, 23), max_size=24).map(tuple),
    skip_days=st.lists(st.integers(0, 6), max_size=7).map(tuple),
)
def test_always_in_bounds(
    result: str,
    failures: int,
    quiet_s: int,
    interval_s: float | None,
    max_age_s: float | None,
    retry_after_s: float | None,
    skip_hours: tuple[int, ...],
    skip_days: tuple[int, ...],
) -> None:
    found = after(
        result,
        state=SourceState(failures=failures, last_new_at=NOW - timedelta(seconds=quiet_s)),
        hints=Hints(interval_s=interval_s, skip_hours=skip_hours, skip_days=skip_days),
        max_age_s=max_age_s,
        retry_after_s=retry_after_s,
    )
    assert NOW + timedelta(seconds=HOUR) <= found.next_check_at <= NOW + timedelta(days=31)
    if not retry_after_s or retry_after_s < 0:
        assert found.next_check_at <= NOW + timedelta(days=15)
    if found.hold_until_at is not None:
        assert NOW <= found.hold_until_at <= min(found.next_check_at, NOW + timedelta(days=30))
    if found.fresh_until_at is not None:
        assert NOW < found.fresh_until_at <= found.next_check_at


def test_first_checks_are_spread_over_time() -> None:
    assert cadence.first_check("a", NOW, HOUR, 1) == NOW
    times = [cadence.first_check(f"s{number}", NOW, HOUR, 1000) for number in range(1000)]
    assert min(times) >= NOW
    assert max(times) < NOW + timedelta(seconds=100)
    assert (
        max(sum(1 for at in times if int((at - NOW).total_seconds()) == second) for second in range(100)) < 30
    )
    assert cadence.first_check("a", NOW, 60.0, 10**6) < NOW + timedelta(seconds=60)


DATE = "Mon, 02 Nov 2026 10:00:00 GMT"
LATER = "Mon, 02 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Cache-Control": "public, MAX-AGE=600"}, 600.0),
        ({"cache-control": 'max-age="600"'}, 600.0),
        ({"cache-control": "max-age=600, s-maxage=9000"}, 600.0),
        ({"cache-control": "max-age=600", "age": "100"}, 500.0),
        ({"cache-control": "max-age=600", "age": "900"}, 0.0),
        ({"cache-control": "max-age=600", "expires": LATER}, 600.0),
        ({"cache-control": "no-cache, max-age=600"}, None),
        ({"cache-control": "no-store"}, None),
        ({"cache-control": "max-age=soon"}, None),
        ({"cache-control": "max-age=9999999999999999"}, 2.0**31),
        ({"cache-control": "max-age=" + "9" * 5000}, 2.0**31),
        ({"cache-control": "max-age=0000000000000000600"}, 600.0),
        ({"cache-control": "max-age=600", "age": "9" * 5000}, 0.0),
        ({"expires": LATER, "date": DATE}, 7200.0),
        ({"expires": LATER}, 5400.0),
        ({"expires": DATE, "date": LATER}, 0.0),
        ({"expires": "0"}, None),
        ({"expires": "Mon, 99 Foo 20266 10:00:00 GMT"}, None),
    ],
)
def test_freshness(headers: dict[str, str], expected: float | None) -> None:
    assert cadence.freshness_s(headers, NOW) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("120", 120.0), (" 0 ", 0.0), (LATER, 5400.0), (DATE, 0.0), ("soon", None), ("-5", None), ("", None)],
)
def test_retry_after(value: str, expected: float | None) -> None:
    assert cadence.retry_after_s({"Retry-After": value}, NOW) == expected


def year_of_polls(news_every_s: float | None, told_s: float | None, failing: bool) -> int:
    """Requests in 365 days to a source with every = 1 h and max_every = 8 h."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(days=365)
    now, count = start, 0
    state = SourceState(last_new_at=start)
    while now < end:
        count += 1
        if failing:
            state = replace(state, failures=state.failures + 1)
        elif news_every_s is not None and (
            published(start, now, news_every_s) > published(start, state.last_check_at, news_every_s)
        ):
            state = replace(state, last_new_at=now)
        state = replace(state, last_check_at=now)
        result = "failed" if failing else "fetched"
        now = after(result, state=state, max_age_s=told_s, name="year", now=now).next_check_at
    return count


def published(start: datetime, at: datetime | None, every_s: float) -> int:
    """How many entries there were by ``at``; none before the first poll."""
    return -1 if at is None else int((at - start).total_seconds() // every_s)


SOURCES: dict[str, tuple[float | None, float | None, bool]] = {
    "news every hour": (HOUR, None, False),
    "news every day": (DAY, None, False),
    "news every week": (7 * DAY, None, False),
    "nothing new": (None, None, False),
    "nothing new, max-age of a day": (None, DAY, False),
    "failing all year": (None, None, True),
}


def stated() -> dict[str, int]:
    """The table of docs/cadence.md."""
    rows = [
        [cell.strip() for cell in row.split("|")[1:-1]]
        for row in PAGE.read_text(encoding="utf-8").splitlines()
        if row.startswith("|")
    ]
    return {row[0]: int(row[1].replace(",", "")) for row in rows if row[1].replace(",", "").isdigit()}


def test_the_page_states_what_a_year_costs() -> None:
    assert stated() == {name: year_of_polls(*source) for name, source in SOURCES.items()}
