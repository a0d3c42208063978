"""When to look at a source again. The rule, and what it comes to in requests, is docs/cadence.md.

No randomness and no clock: the spread comes from a hash of the source's name and the time of the check,
so that a decision can be explained, repeated and tested over a year in a second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b

from aggregator.model.document import Hints
from aggregator.model.source import SourceState

_HOUR_S = 3600.0
_DAY_S = 86400.0
WORD_LIMIT_S = 7 * _DAY_S  # of max-age, Expires, ttl, skip: a century of max-age must not park a source
RETRY_LIMIT_S = 30 * _DAY_S
BACKOFF_LIMIT_S = _DAY_S
JITTER = 0.1
QUIET_SHARE = 10  # a source silent for ten days is asked after one
FIRST_A_SECOND = 10
NETWORK_DOWN_S = 60.0

_DIRECTIVE = re.compile(r'([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,"]*)))?', re.IGNORECASE)
_NUMBER = re.compile(r"\s*([0-9]+)(?:\.[0-9]*)?\s*")
_LARGEST = 2**31  # what RFC 9111 section 1.2.2 takes all larger numbers of seconds for


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """When to look again, and why not earlier (aware UTC).

    ``fresh_until_at`` is the server's or publisher's own word that nothing changes before,
    ``hold_until_at`` is Retry-After; None without such a word. Neither is later than 30 days.
    """

    next_check_at: datetime
    fresh_until_at: datetime | None
    hold_until_at: datetime | None


def next_check(
    *,
    name: str,
    every_s: float,
    max_every_s: float,
    min_every_s: float,
    state: SourceState,
    hints: Hints,
    max_age_s: float | None,
    retry_after_s: float | None,
    result: str,
    now: datetime,
) -> Next:
    """When to poll the source ``name`` again after a poll that ended at ``now`` with ``result``.

    ``state`` is that after the poll: ``failures`` counts this one, ``last_new_at`` is this poll's time
    if it brought something. ``max_age_s`` is `freshness_s` of the answer. ``result`` is "fetched",
    "not_modified", "unchanged" or "failed".
    """
    failed = result == "failed"
    told_s = 0.0 if failed else _told_s(hints, max_age_s)
    if failed:
        wait_s = _backoff_s(every_s, state.failures)
    else:
        wait_s = max(_chosen_s(every_s, max_every_s, state, now), told_s)
    spread = _fraction(f"{name} {int(now.timestamp())}") * JITTER
    wait_s = max(wait_s, min_every_s) * (1 + spread)

    due_at = now + timedelta(seconds=wait_s)
    resumed_at = after_skips(due_at, hints)
    if resumed_at != due_at:  # others skip the same hours: not all at the stroke of their end
        due_at = resumed_at + timedelta(seconds=spread * _HOUR_S)

    hold_until_at = None
    if retry_after_s is not None and retry_after_s > 0:
        held_s = min(retry_after_s, RETRY_LIMIT_S)
        hold_until_at = now + timedelta(seconds=held_s)
        due_at = max(due_at, after_hold(name, now, held_s))
    return Next(
        next_check_at=due_at,
        fresh_until_at=None if failed else _fresh_until(told_s, hints, now),
        hold_until_at=hold_until_at,
    )


def first_check(name: str, now: datetime, every_s: float, new_sources: int) -> datetime:
    """When to poll a source that was never polled: at once for few, ten a second for many.

    ``new_sources`` is how many became known together; they are spread over at most ``every_s``.
    """
    span_s = min(new_sources / FIRST_A_SECOND, every_s)
    if new_sources <= FIRST_A_SECOND:
        return now
    return now + timedelta(seconds=span_s * _fraction(name))


def after_hold(name: str, now: datetime, held_s: float) -> datetime:
    """When to ask again what must wait for ``held_s``: not all sources of a host at the stroke of its end."""
    spread = _fraction(f"{name} {int(now.timestamp())}") * JITTER
    return now + timedelta(seconds=held_s + spread * min(held_s, _HOUR_S))


def after_network_down(name: str, now: datetime, every_s: float, sources: int) -> datetime:
    """When to try a source again that our own network did not reach: after a minute, or as soon as it would
    be asked anyway, and then ten sources a second, so that the end of an outage is no stampede."""
    span_s = min(sources / FIRST_A_SECOND, every_s)
    return now + timedelta(seconds=min(NETWORK_DOWN_S, every_s) + span_s * _fraction(name))


def after_skips(at: datetime, hints: Hints) -> datetime:
    """``at``, or the end of the skipHours and skipDays it lies in (GMT); at most 7 days later.

    A document that skips every hour or every day skips none.
    """
    hours, days = frozenset(hints.skip_hours), frozenset(hints.skip_days)
    if len(hours) >= 24:
        hours = frozenset()
    if len(days) >= 7:
        days = frozenset()
    if not hours and not days:
        return at
    limit = at + timedelta(seconds=WORD_LIMIT_S)
    moved = at
    while moved < limit and (moved.hour in hours or moved.weekday() in days):
        moved = moved.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return min(moved, limit)


def freshness_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """For how many seconds the server says its answer stays good; None where it does not say.

    RFC 9111 section 4.2 for a private cache: max-age less Age, else Expires less Date. no-cache and
    no-store say nothing about when something changes. Malformed values count as absent.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    directives = {
        found[1].lower(): found[2] or found[3] or ""
        for found in _DIRECTIVE.finditer(fields.get("cache-control", "")[:1000])
    }
    if "no-cache" in directives or "no-store" in directives:
        return None
    max_age_s = _number(directives.get("max-age", ""))
    if max_age_s is not None:
        return max(0.0, max_age_s - (_number(fields.get("age", "")) or 0.0))
    expires_at = _http_date(fields.get("expires", ""))
    if expires_at is None:
        return None
    return max(0.0, (expires_at - (_http_date(fields.get("date", "")) or now)).total_seconds())


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait from a Retry-After in either form (RFC 9110 section 10.2.3), else None."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    at = _http_date(value)
    return None if at is None else max(0.0, (at - now).total_seconds())


def _chosen_s(every_s: float, max_every_s: float, state: SourceState, now: datetime) -> float:
    """A tenth of the time since something new came, between ``every_s`` and ``max_every_s``."""
    longest_s = max(every_s, max_every_s)
    if state.last_new_at is None:
        return longest_s  # polled, and never anything there
    quiet_s = (now - state.last_new_at).total_seconds()
    return min(max(quiet_s / QUIET_SHARE, every_s), longest_s)


def _backoff_s(every_s: float, failures: int) -> float:
    """``every_s`` doubled with every failure in a row, up to a day (or ``every_s``, if that is longer)."""
    doubled = every_s * 2.0 ** min(max(failures, 1), 30)
    return max(min(doubled, BACKOFF_LIMIT_S), every_s)


def _told_s(hints: Hints, max_age_s: float | None) -> float:
    """The longest of what server and document say, each within a week; 0 where they say nothing."""
    said = (max_age_s or 0.0, hints.interval_s or 0.0)
    return max(min(max(one, 0.0), WORD_LIMIT_S) for one in said)


def _fresh_until(told_s: float, hints: Hints, now: datetime) -> datetime | None:
    """Until when nothing is said to change; None if nothing is said."""
    told = now + timedelta(seconds=told_s)
    until = after_skips(told, hints)
    return until if until > now else None


def _fraction(text: str) -> float:
    """A number in [0, 1) that only depends on ``text``."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=4).digest()) / 2**32


def _number(value: str) -> float | None:
    found = _NUMBER.fullmatch(value)
    return float(min(int(found[1].lstrip("0")[:15] or 0), _LARGEST)) if found else None


def _http_date(value: str) -> datetime | None:
    """A date of a header as aware UTC; None if it is none (``Expires: 0``, ``-1``, nonsense)."""
    if not any(character.isalpha() for character in value):
        return None
    try:
        at = parsedate_to_datetime(value[:100])
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
