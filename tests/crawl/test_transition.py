"""What a poll does to a source's state, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.crawl.crawler import Crawled
from aggregator.crawl.transition import failed, held, succeeded
from aggregator.errors import CrawlError, HeldError, NetworkError, NotAFeed, StatusError
from aggregator.model.document import Document, Entry, Hints
from aggregator.model.source import Source, SourceState, Validators

NOW = datetime(2026, 8, 8, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOURCE = Source(name="acme", url="http://acme.example/feed")
OLD = Validators(url=SOURCE.url, etag='"old"')
STORED = SourceState(
    validators=OLD,
    body_sha256=b"old",
    last_check_at=NOW - HOUR,
    last_ok_at=NOW - HOUR,
    last_new_at=NOW - HOUR,
)


def ok(
    state: SourceState, crawled: Crawled, *, found_new: bool = False, found_known: bool = True
) -> SourceState:
    found = {"found_new": found_new, "found_known": found_known}
    return succeeded(SOURCE, state, crawled, crawled.document, **found, min_every_s=300, now=NOW)


def bad(state: SourceState, error: CrawlError, now: datetime = NOW) -> SourceState:
    return failed(SOURCE, state, error, min_every_s=300, now=now)


def answer(**fields: object) -> Crawled:
    return replace(Crawled(url=SOURCE.url, status=200, document=None), **fields)  # type: ignore[arg-type]


def test_validators_are_replaced_on_every_success() -> None:
    renewed = Validators(url=SOURCE.url, etag='"new"')
    for crawled in (
        answer(not_modified=True, status=304, validators=renewed),
        answer(validators=renewed),
        answer(validators=renewed, document=Document(format="rss2.0")),
    ):
        assert ok(STORED, crawled).validators == renewed
    assert ok(STORED, answer(validators=None)).validators is None, "withdrawn ones are dropped"


@pytest.mark.parametrize(
    "error", [NetworkError("reset"), NotAFeed("an HTML page"), StatusError("no", status=500)]
)
def test_a_failure_keeps_what_vouches_for_the_stored_items(error: CrawlError) -> None:
    after = bad(STORED, error)
    assert (after.validators, after.body_sha256, after.last_ok_at) == (OLD, b"old", NOW - HOUR)
    assert after.failures == 1
    assert after.error is not None
    assert after.error.type == type(error).__name__
    assert after.next_check_at is not None
    assert after.next_check_at > NOW


def test_success_clears_what_failures_left() -> None:
    troubled = replace(
        bad(bad(STORED, StatusError("no", status=404)), StatusError("no", status=404)),
        hold_until_at=NOW - HOUR,
    )
    after = ok(troubled, answer(validators=OLD))
    assert (after.failures, after.error, after.missing_since_at, after.hold_until_at) == (0, None, None, None)


def test_failures_back_off_to_a_day_and_no_further() -> None:
    state, waits = STORED, []
    for _ in range(12):
        state = bad(state, NetworkError("down"))
        assert state.next_check_at is not None
        waits.append(state.next_check_at - NOW)
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) <= 1.1 * timedelta(days=1)
    assert waits[-1] >= timedelta(days=1)


def test_retry_after_is_held() -> None:
    after = bad(STORED, StatusError("busy", status=503, retry_after_s=7200))
    assert after.hold_until_at == NOW + 2 * HOUR
    assert after.next_check_at is not None
    assert after.next_check_at >= NOW + 2 * HOUR


def test_who_only_waits_for_its_host_has_not_failed() -> None:
    troubled = replace(bad(STORED, NetworkError("reset")), next_check_at=NOW)
    after = held(SOURCE, troubled, HeldError("wait", retry_after_s=7200), now=NOW)
    assert after == replace(troubled, hold_until_at=NOW + 2 * HOUR, next_check_at=after.next_check_at)
    assert after.next_check_at is not None
    assert NOW + 2 * HOUR <= after.next_check_at <= NOW + 2 * HOUR + timedelta(minutes=6)
    later = replace(troubled, next_check_at=NOW + 9 * HOUR)
    assert held(SOURCE, later, HeldError("wait", retry_after_s=7200), now=NOW).next_check_at == NOW + 9 * HOUR
    for_ever = held(SOURCE, troubled, HeldError("wait", retry_after_s=1e12), now=NOW)
    assert for_ever.hold_until_at == NOW + timedelta(days=30)


def test_gone_retires_but_not_for_an_adopted_address() -> None:
    assert bad(STORED, StatusError("gone", status=410)).retired_at == NOW
    adopted = replace(STORED, adopted_url="http://new.example/feed")
    after = bad(adopted, StatusError("gone", status=410))
    assert (after.retired_at, after.adopted_url) == (None, None), "the configured address is asked next"


def test_gone_behind_a_temporary_redirect_is_a_failure_like_others() -> None:
    error = StatusError("gone", status=410)
    error.detour = True
    after = bad(STORED, error)
    assert (after.retired_at, after.failures) == (None, 1)
    assert after.next_check_at is not None


def test_missing_is_paused_after_a_fortnight() -> None:
    state = bad(STORED, StatusError("missing", status=404))
    later = NOW + timedelta(days=15)
    state = bad(state, StatusError("missing", status=404), later)
    assert state.next_check_at is not None
    assert state.next_check_at - later >= timedelta(days=7)


def test_a_permanent_redirect_is_adopted_after_three_equal_polls() -> None:
    state = STORED
    for _ in range(2):
        state = ok(state, answer(permanent_url="http://new.example/feed"))
        assert state.adopted_url is None
    assert ok(state, answer(permanent_url="http://other.example/")).moved_count == 1, (
        "another target: from one"
    )
    state = ok(state, answer(permanent_url="http://new.example/feed"))
    assert state.adopted_url == "http://new.example/feed"
    assert ok(state, answer()).adopted_url == "http://new.example/feed"


def test_a_permanent_redirect_to_another_feed_is_never_adopted() -> None:
    """Its items are known once they have been followed there, and still it is another one."""
    document = Document(format="rss2.0", entries=(Entry(guid="1"),))
    parked = answer(permanent_url="http://parked.example/feed", document=document)
    state = ok(STORED, parked, found_known=False)
    for _ in range(5):
        state = ok(state, parked)
    assert state.adopted_url is None
    state = ok(state, answer())
    for _ in range(3):
        state = ok(state, answer(permanent_url="http://new.example/feed", document=document))
    assert state.adopted_url == "http://new.example/feed", "another target, with what we know"


def test_a_permanent_redirect_is_judged_by_the_first_document_with_entries() -> None:
    emptied = answer(permanent_url="http://new.example/feed", document=Document(format="rss2.0"))
    state = ok(STORED, emptied, found_known=False)
    for _ in range(3):
        state = ok(state, answer(permanent_url="http://new.example/feed"))
    assert state.adopted_url == "http://new.example/feed"


def test_a_source_that_has_always_redirected_is_the_same_feed() -> None:
    state = SourceState()
    document = Document(format="rss2.0", entries=(Entry(guid="1"),))
    for _ in range(3):
        moved = answer(permanent_url="http://new.example/feed", document=document)
        state = ok(state, moved, found_known=state.last_ok_at is not None)
    assert state.adopted_url == "http://new.example/feed"


def test_a_temporary_redirect_is_never_adopted() -> None:
    state = STORED
    for _ in range(5):
        state = ok(state, answer(permanent_url=None))
    assert state.adopted_url is None


def test_the_publishers_hints_outlive_a_304() -> None:
    hinted = ok(STORED, answer(document=Document(format="rss2.0", hints=Hints(interval_s=7200))))
    assert hinted.fresh_until_at == NOW + 2 * HOUR
    after = ok(hinted, answer(not_modified=True, status=304))
    assert after.hints.interval_s == 7200
    assert after.next_check_at is not None
    assert after.next_check_at >= NOW + 2 * HOUR
