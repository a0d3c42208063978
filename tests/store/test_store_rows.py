from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store import rows


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_to_the_microsecond(at):
    assert rows.from_us(rows.to_us(at)) == at


def test_a_time_of_another_zone_is_the_same_moment():
    at = datetime(2026, 3, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    assert rows.from_us(rows.to_us(at)) == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_naive_time_is_refused():
    with pytest.raises(TypeError):
        rows.to_us(datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.ORG/feed", "example.org:443"),
        ("http://example.org/feed", "example.org:80"),
        ("http://user:secret@example.org:8080/feed", "example.org:8080"),
        ("http://[::1]:81/", "::1:81"),
        ("file:feeds/a.xml", None),
        ("http://example.org:99999/", None),
        ("http://[broken/", None),
    ],
)
def test_the_host_that_is_asked(url, host):
    assert rows.host_of(url) == host


@pytest.mark.parametrize(
    ("category", "keys"),
    [
        ("", ("all", "source/n")),
        ("a", ("all", "source/n", "category/a")),
        ("a/b/c", ("all", "source/n", "category/a/b/c", "category/a/b", "category/a")),
    ],
)
def test_the_feeds_of_a_source(category, keys):
    assert rows.feed_keys("n", category) == keys
