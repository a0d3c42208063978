"""Negotiation and conditional requests, by table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.serve.conditional import choose_encoding, http_date, not_modified

AT = datetime(2026, 8, 8, 10, 0, 0, 250_000, tzinfo=UTC)
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
            last_modified_at=AT,
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
        ("Sat, 08 Aug 2026 10:00:00 -0000", True),
    ],
)
def test_a_date_decides_alone(since: str, expected: bool) -> None:
    assert (
        not_modified(if_none_match=None, if_modified_since=since, etag=TAG, last_modified_at=AT) is expected
    )


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
