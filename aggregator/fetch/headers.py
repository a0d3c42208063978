"""Headers: what we send, what we keep of an answer's, and what they ask of us (RFC 9110, RFC 9111)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from aggregator.errors import RefusedError
from aggregator.fetch import address
from aggregator.model.http import FetchRequest
from aggregator.model.source import Validators

_VALIDATORS = frozenset({"etag", "last-modified"})
# A line, and all of them together. The library's 8 KiB a line are too few for the Content-Security-Policy
# of some large sites.
MAX_HEADER_BYTES = 64 * 1024
_MAX_ETAG = 1024
_MAX_LAST_MODIFIED = 100
_MAX_RETRY_AFTER_S = 30 * 86400.0
_PRINTABLE = re.compile(r"[ -~]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token, RFC 9110 section 5.6.2


def retry_after_s(value: str, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 section 10.2.3), seconds or date, at most 30
    days; None when it says nothing that can be read. A date that has passed is 0."""
    value = value.strip()
    if re.fullmatch(r"\d+(\.\d*)?", value, re.ASCII):
        return min(float(value[:20]), _MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits is the latter
        return None
    if at.tzinfo is None:  # "-0000": UTC, of unknown local zone
        at = at.replace(tzinfo=UTC)
    try:
        wait_s = (at - now).total_seconds()
    except OverflowError:
        return None
    return min(max(wait_s, 0.0), _MAX_RETRY_AFTER_S)


def check_sendable(headers: Mapping[str, str]) -> None:
    """Raises RefusedError for what the operator may not send."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or any(char in value for char in "\r\n\0"):
            raise RefusedError("a configured header cannot be sent")


def to_send(request: FetchRequest, start: address.Target, target: address.Target) -> dict[str, str]:
    """The operator's headers and credentials for the first origin, only the harmless ones elsewhere."""
    if target.origin != start.origin:
        return {"Accept": request.accept}
    headers = dict(request.headers)
    given = {name.lower() for name in headers}
    if "accept" not in given:
        headers["Accept"] = request.accept
    if request.body is not None and "content-type" not in given:
        is_json = request.body.lstrip()[:1] in ("{", "[")
        headers["Content-Type"] = "application/json" if is_json else "application/x-www-form-urlencoded"
    if start.authorization is not None and "authorization" not in given:
        headers["Authorization"] = start.authorization
    return headers


def applicable(known: Validators | None, target: address.Target) -> Validators | None:
    """The validators that may be sent to a target: those that it gave itself, if any."""
    if known is None or known.url != target.text:
        return None
    return known if known.etag or known.last_modified else None


def received(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Headers by lower-case name, see `FetchResult`. RefusedError when there is too much of them."""
    if sum(len(name) + len(value) for name, value in response.raw_headers) > MAX_HEADER_BYTES:
        raise RefusedError(f"the answer's headers are larger than {MAX_HEADER_BYTES} bytes")
    headers: dict[str, str] = {}
    for mixed_case, value in response.headers.items():
        name = mixed_case.lower()
        if not value.isascii():
            value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if name == "cache-control" and name in headers:
            value = f"{headers[name]}, {value}"
        elif name in _VALIDATORS and headers.get(name, value) != value:
            value = ""
        headers[name] = value
    return headers


def validators_of(url: str, headers: Mapping[str, str], old: Validators | None) -> Validators | None:
    """What to ask with next time: the answer's own, and on a 304 (``old`` given) the old ones where it
    has none (RFC 9111 section 4.3.4)."""
    etag = _opaque(headers.get("etag"), _MAX_ETAG) or (old.etag if old else None)
    modified = _opaque(headers.get("last-modified"), _MAX_LAST_MODIFIED) or (
        old.last_modified if old else None
    )
    return Validators(url=url, etag=etag, last_modified=modified) if etag or modified else None


def _opaque(value: str | None, limit: int) -> str | None:
    return value if value and len(value) <= limit and _PRINTABLE.fullmatch(value) else None
