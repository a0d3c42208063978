"""What is asked of the fetcher, and what it gives back. "Not modified" is a value here, not an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.model.source import RETRY_AFTER_ON, RetryAfterScope, Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """One poll of one address: http, https, or ``file:`` relative to the configuration's directory.

    ``validators`` travel only to the very address that gave them, ``headers`` (which may hold secrets)
    only to the origin of ``url``. ``timeout_s`` bounds the whole poll, redirects included but without
    waiting for politeness. ``max_body_bytes`` counts after decompression. With a ``body`` the request is
    a POST: it carries no validators and follows no redirect. ``retry_after_on`` and ``retry_after_scope``
    are those of `Source`. ``robots``: the robots.txt of each server on the way is asked first, and obeyed.
    ``part``: of a body that is too large the beginning is enough.
    """

    url: str
    validators: Validators | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    accept: str = "*/*"
    body: str | None = None
    timeout_s: float = 30.0
    max_body_bytes: int = 15 * 1024 * 1024
    retry_after_on: tuple[int, ...] = RETRY_AFTER_ON
    retry_after_scope: RetryAfterScope = "host"
    robots: bool = False
    part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """A whole answer: 200, 203 or 304.

    ``url`` is where it came from in the end: without user name, password and fragment.
    ``permanent_url`` is the farthest address reached through permanent redirects (301, 308) only, None
    where the first hop already was no such redirect. ``headers`` have lower-case names; of repeated
    ones the last counts, but the lines of Cache-Control are one list (RFC 9110 section 5.3), and
    validators that contradict each other are none. ``body`` is decompressed, and empty when ``not_modified``.
    ``validators`` are those to use next time, None where the server gave none (any more).
    ``wire_bytes`` counts the body as sent; ``elapsed_s`` leaves out the waiting for politeness.
    """

    url: str
    permanent_url: str | None = None
    status: int
    headers: Mapping[str, str]
    body: bytes
    not_modified: bool = False
    validators: Validators | None = None
    elapsed_s: float
    wire_bytes: int
