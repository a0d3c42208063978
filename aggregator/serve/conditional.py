"""Content negotiation and conditional requests, as pure functions (RFC 9110 sections 12.5.3 and 13)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

ENTITY_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def not_modified(
    *,
    if_none_match: str | None,
    if_modified_since: str | None,
    etag: str,
    changed_at: datetime,
) -> bool:
    """Whether 304 is the answer. If-None-Match, compared weakly, overrules If-Modified-Since."""
    if if_none_match is not None:
        return if_none_match.strip() == "*" or etag in ENTITY_TAG.findall(if_none_match)
    if if_modified_since is None:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
    except (ValueError, OverflowError):  # a year of twenty digits is the latter
        return False
    if since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return changed_at.replace(microsecond=0) <= since


def http_date(moment: datetime) -> str:
    """An IMF-fixdate; the fraction of a second is cut."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def last_modified(changed_at: datetime, now: datetime) -> datetime:
    """What Last-Modified says: when the feed changed, in whole seconds, but never a time to come. The
    store sees to it that no two changes of a feed have the same second."""
    return min(changed_at, now).replace(microsecond=0)


def choose_encoding(accept_encoding: str | None, available: Sequence[str]) -> str:
    """The best of ``available`` (in our order of preference) that the client accepts, or "identity"."""
    weights: dict[str, float] = {}
    for part in (accept_encoding or "").lower().split(","):
        name, _, parameters = part.strip().partition(";")
        match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameters) if parameters else None
        weights[name.strip()] = float(match.group(1)) if match else 0.0 if parameters else 1.0
    everything = weights.get("*", 0.0)
    best, best_weight = "identity", 0.0
    for name in available:
        weight = weights.get(name, everything)
        if weight > best_weight:
            best, best_weight = name, weight
    return best
