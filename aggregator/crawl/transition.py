"""What a source's state becomes after a poll. Pure: the same poll at the same time, the same state."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.crawl.crawler import Crawled
from aggregator.errors import CrawlError, HeldError, StatusError
from aggregator.model.document import Document
from aggregator.model.source import Source, SourceError, SourceState
from aggregator.process import cadence
from aggregator.process.health import is_paused

MOVED_POLLS = 3  # equal permanent redirects in a row before the new address is adopted
PAUSED = timedelta(days=7)  # between two looks at a source that has long been missing
MESSAGE_LENGTH = 500


def succeeded(
    source: Source,
    state: SourceState,
    crawled: Crawled,
    document: Document | None,
    *,
    found_new: bool,
    found_known: bool,
    min_every_s: float,
    now: datetime,
) -> SourceState:
    """After a 304, an unchanged body, or a document that was read: whether it held items that are new, and
    some that were known (as a body that is the same does). Nothing may vouch for a document that was cut
    off: a 304 would keep the rest from us."""
    hints = document.hints if document else state.hints
    whole = document is None or not document.cut_off
    after = replace(
        _moved(source, state, crawled, found_known=found_known),
        validators=crawled.validators if whole else None,
        body_sha256=crawled.body_sha256 if whole else None,
        hints=hints,
        last_check_at=now,
        last_ok_at=now,
        last_new_at=now if found_new or state.last_new_at is None else state.last_new_at,
        failures=0,
        error=None,
        missing_since_at=None,
        hold_until_at=None,
    )
    result = "fetched" if document else "not_modified" if crawled.not_modified else "unchanged"
    return _scheduled(source, after, result, crawled.max_age_s, None, min_every_s, now)


def failed(
    source: Source, state: SourceState, error: CrawlError, *, min_every_s: float, now: datetime
) -> SourceState:
    """After a failure: validators and body hash stay, since they vouch for what is stored. A 410 from
    where a temporary redirect leads, or from an adopted address, does not end the source: the configured
    address may lead elsewhere next time."""
    status = error.status if isinstance(error, StatusError) else None
    gone = isinstance(error, StatusError) and error.status == 410 and not error.detour
    after = replace(
        state,
        last_check_at=now,
        failures=state.failures + 1,
        error=SourceError(
            stage=error.stage,
            type=type(error).__name__,
            message=str(error)[:MESSAGE_LENGTH],
            transient=error.transient,
            at=now,
        ),
        missing_since_at=(state.missing_since_at or now) if status == 404 else None,
        retired_at=now if gone and not state.adopted_url else state.retired_at,
        # An adopted address that fails is given up at once: the configured one is asked next.
        adopted_url=None,
        moved_url=None,
        moved_count=0,
    )
    retry_after_s = error.retry_after_s if isinstance(error, StatusError) else None
    return _scheduled(source, after, "failed", None, retry_after_s, min_every_s, now)


def unheard(
    source: Source, state: SourceState, error: CrawlError, *, sources: int, now: datetime
) -> SourceState:
    """After a failure of our own network: whatever is known and counted of the source stays, and it is
    asked again soon, ``sources`` of them spread so that they do not all ask at once when it is back."""
    return replace(
        state,
        last_check_at=now,
        next_check_at=cadence.after_network_down(source.name, now, source.every_s, sources),
        error=SourceError(
            stage=error.stage,
            type=type(error).__name__,
            message=f"our own network seems to be down: {error}"[:MESSAGE_LENGTH],
            transient=True,
            at=now,
        ),
    )


def held(source: Source, state: SourceState, told: HeldError, *, now: datetime) -> SourceState:
    """After a poll that was none, because another source's answer had put the host on hold: this one has
    not failed, it only waits as long."""
    held_s = min(told.retry_after_s, cadence.RETRY_LIMIT_S)
    return replace(
        state,
        hold_until_at=now + timedelta(seconds=held_s),
        next_check_at=max(state.next_check_at or now, cadence.after_hold(source.name, now, held_s)),
    )


def _moved(source: Source, state: SourceState, crawled: Crawled, *, found_known: bool) -> SourceState:
    """Count equal permanent redirects, and adopt their target when they have lasted. An adopted
    address that answers by itself stays adopted.

    Only the same feed is counted: when it first answers from there, it must hold something that we know. What
    shares nothing (a parked domain's feed, another of the site's) is followed and stays at 0, since by the
    next poll its items are known, too.
    """
    target = crawled.permanent_url
    empty = crawled.document is not None and not crawled.document.entries
    if target is None or (target != state.moved_url and empty):
        return replace(state, moved_url=None, moved_count=0) if state.moved_url else state
    if target != state.moved_url:
        is_same = found_known or state.last_ok_at is None
        return replace(state, moved_url=target, moved_count=int(is_same))
    if state.moved_count == 0:
        return state
    count = state.moved_count + 1
    if count < MOVED_POLLS:
        return replace(state, moved_count=count)
    adopted = None if target == source.url else target
    return replace(state, moved_url=None, moved_count=0, adopted_url=adopted)


def _scheduled(
    source: Source,
    state: SourceState,
    result: str,
    max_age_s: float | None,
    retry_after_s: float | None,
    min_every_s: float,
    now: datetime,
) -> SourceState:
    following = cadence.next_check(
        name=source.name,
        every_s=source.every_s,
        max_every_s=source.max_every_s,
        min_every_s=min_every_s,
        state=state,
        hints=state.hints,
        max_age_s=max_age_s,
        retry_after_s=retry_after_s,
        result=result,
        now=now,
    )
    next_check_at = following.next_check_at
    if is_paused(state, now):
        next_check_at = max(next_check_at, now + PAUSED)
    return replace(
        state,
        next_check_at=next_check_at,
        fresh_until_at=following.fresh_until_at,
        hold_until_at=following.hold_until_at or state.hold_until_at,
    )
