"""Negotiation and conditional requests, by table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.serve.conditional import choose_encoding, http_date, last_modified, not_modified

AT = datetime(2026, 8, 8, 10, 0, 0, tzinfo=UTC)
TAG = '"abc"'


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        (TAG, True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ('"x","abc"', True),
        ("*", True),
        ('"x"', False),
        ("abc", False),
        ("", False),
        ('"abc', False),
        ('"a,b", "abc"', True),
    ],
)
def test_an_entity_tag_decides(if_none_match: str, expected: bool) -> None:
    # A date that would say otherwise has no say beside a tag.
    assert (
        not_modified(
            if_none_match=if_none_match,
            if_modified_since=http_date(AT - timedelta(days=1)) if expected else http_date(AT),
            etag=TAG,
            changed_at=AT,
        )
        is expected
    )


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (http_date(AT), True),
        (http_date(AT + timedelta(days=1)), True),
        (http_date(AT - timedelta(seconds=1)), False),
        ("yesterday", False),
        ("Sat, 08 Aug 99999999999999999999 10:00:00 GMT", False),
        ("Sat, 08 Aug 2026 10:00:00 +99999999999999999999", False),
        ("Sat, 08 Aug 2026 10:00:00 -0000", True),
    ],
)
def test_a_date_decides_alone(since: str, expected: bool) -> None:
    assert not_modified(if_none_match=None, if_modified_since=since, etag=TAG, changed_at=AT) is expected


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("*", "zstd"),
        ("*;q=0", "identity"),
        ("gzip;q=2", "identity"),
        ("GZIP ; q=0.5", "gzip"),
        ("compress", "identity"),
    ],
)
def test_an_encoding_is_chosen(accepted: str | None, expected: str) -> None:
    assert choose_encoding(accepted, ("zstd", "br", "gzip")) == expected


def test_a_second_change_within_a_second_is_seen_by_date_alone() -> None:
    seen_at = AT + timedelta(milliseconds=500)
    first = http_date(last_modified(AT + timedelta(milliseconds=300), now=seen_at))
    # The store dates the second change to the next second; no header may name a time to come.
    second = AT + timedelta(seconds=1)
    assert http_date(last_modified(second, now=seen_at)) == http_date(AT)
    assert not not_modified(if_none_match=None, if_modified_since=first, etag=TAG, changed_at=second)
    later = http_date(last_modified(second, now=AT + timedelta(seconds=5)))
    assert not_modified(if_none_match=None, if_modified_since=later, etag=TAG, changed_at=second)
