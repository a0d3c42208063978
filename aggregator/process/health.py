"""One word for how a source is doing."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model.source import SourceState

PAUSE_AFTER = timedelta(days=14)  # of nothing but 404


def is_paused(state: SourceState, now: datetime) -> bool:
    """Whether a source has been missing for so long that it is hardly asked any more."""
    return state.missing_since_at is not None and now - state.missing_since_at >= PAUSE_AFTER


def health(state: SourceState, now: datetime) -> str:
    """retired (410), paused (404 for a fortnight), held (its server asked us to wait), failing, new
    (never polled), or ok."""
    if state.retired_at is not None:
        return "retired"
    if is_paused(state, now):
        return "paused"
    if state.hold_until_at is not None and state.hold_until_at > now:
        return "held"
    if state.failures:
        return "failing"
    return "ok" if state.last_ok_at is not None else "new"
