"""What of an address is nobody's business but the operator's: credentials, and parameters that are keys."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

HIDDEN = "***"

_KEY = re.compile(
    r"(?:^|[_.-])(?:(?:api|app|access|private|feed|user|auth)[_-]?key|key|"
    r"(?:access|api|auth|feed|private|user|session)?[_-]?token|auth|authorization|jwt|"
    r"secret|pass|passwd|password|pwd|sig|signature|credentials?|session[_-]?id|sid)$",
    re.IGNORECASE,
)


def without_secrets(url: str) -> str | None:
    """The address without user name and password, and with the value of each parameter that is named like a
    key hidden; None for what is no address of http or https."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an unclosed "[" in the host
        return None
    if parts.scheme not in ("http", "https"):
        return None
    query = "&".join(_shown(pair) for pair in parts.query.split("&"))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def _shown(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={HIDDEN}" if equals and value and _KEY.search(unquote(name)) else pair
